# As many as one may configure, pipelined.
@limit recipients 10000
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C- \(RCPT TO:<user@example.org>\r\n*10000)
S- \(250 2.1.5 Recipient ok\r\n*10000)
C: RCPT TO:<user@example.org>
S: 452 4.5.3 Too many recipients
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: x
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net> \( <user@example.org>*10000)
