# RFC 2920: many commands in one packet, and the message right behind.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
C: RCPT TO:<nobody@example.org>
C: RCPT TO:<other@example.org>
C: DATA
S: 250 mx.example.org
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
S: 550 5.1.1 No such user here
S: 250 2.1.5 Recipient ok
S: 354 End data with <CRLF>.<CRLF>
C: Hello
C: .
C: MAIL FROM:<>
C: RCPT TO:<third@example.org>
C: DATA
S: 250 2.0.0 Queued as 123abc
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
S: 354 End data with <CRLF>.<CRLF>
@show envelope
S: <a@example.net>  <user@example.org> <other@example.org>
C: Second
C: .
C: QUIT
C: NOOP
S: 250 2.0.0 Queued as 123abc
S: 221 2.0.0 Bye
@closed
@show envelope
S: <>  <third@example.org>
