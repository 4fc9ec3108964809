# One line that is larger than memory may hold.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: X-Long: \(x*66000)
C: 
C: \(y*70000)
C: .
S: 250 2.0.0 Queued as 123abc
@show size
S: 136169
