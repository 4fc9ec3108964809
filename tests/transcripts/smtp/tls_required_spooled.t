# The field is behind what fits into memory.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: X: \(x*66000)
C: TLS-Required: No
C: 
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org> tls-optional spooled
