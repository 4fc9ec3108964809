# RFC 5321 4.1.4: EHLO in the middle is a RSET.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: HELO again.example.net
S: 250 mx.example.org
C: DATA
S: 503 5.5.1 Need a recipient that was accepted
C: MAIL FROM:<b@example.net>
S: 250 2.1.0 Sender ok
