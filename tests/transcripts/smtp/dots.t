# RFC 5321 4.5.2: transparency.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: ..
C: ...
C: .x
C: x.
C: ..x..
C: .
S: 250 2.0.0 Queued as 123abc
@show body
S~ Received: *
S~ 	by *
S~ 	for *
S~ 	Thu, *
S: .
S: ..
S: x
S: x.
S: .x..
