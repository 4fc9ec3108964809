# RFC 2920 3.1: all recipients refused, DATA already sent.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<nobody@example.org>
C: DATA
S: 250 2.1.0 Sender ok
S: 550 5.1.1 No such user here
S: 503 5.5.1 Need a recipient that was accepted
