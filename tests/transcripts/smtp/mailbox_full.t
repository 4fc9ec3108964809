# A full mailbox is told at RCPT, for each recipient alone: RFC 3463 X.2.2.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<full@example.org>
C: RCPT TO:<user@example.org>
C: RCPT TO:<full@example.org>
C: DATA
S: 250 2.1.0 Sender ok
S: 452 4.2.2 Mailbox is full
S: 250 2.1.5 Recipient ok
S: 452 4.2.2 Mailbox is full
S: 354 End data with <CRLF>.<CRLF>
C: Hello
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org>
