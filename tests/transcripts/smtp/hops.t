# RFC 5321 6.3: a loop is ended. Other lines are not counted.
@limit errors 100
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C- \(Received: from a\r\n\tby b\r\n*10)
C: X-Received: x
C: 
C- \(Received: in the body\r\n*20)
C: .
S: 250 2.0.0 Queued as 123abc
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C- \(rECEIVED : from a\r\n*11)
C: 
C: .
C: NOOP
S: 554 5.4.6 Too many hops
S: 250 2.0.0 Ok
