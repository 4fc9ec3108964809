# RFC 1870 3: octets with CRLF, without the dots of transparency.
@limit message 12
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: ..2345678
C: x
C: .
C: NOOP
S~ 552 5.3.4 *
S: 250 2.0.0 Ok
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
C: DATA
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
S: 354 End data with <CRLF>.<CRLF>
C: ..234567
C: x
C: .
S: 250 2.0.0 Queued as 123abc
