# RFC 5321 4.5.3.1.10: 452 for the first one too many; the others get theirs.
@limit recipients 3
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<a@example.org>
C: RCPT TO:<b@example.org>
C: RCPT TO:<c@example.org>
C: RCPT TO:<d@example.org>
C: RCPT TO:<e@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
S: 250 2.1.5 Recipient ok
S: 250 2.1.5 Recipient ok
S: 452 4.5.3 Too many recipients
S: 452 4.5.3 Too many recipients
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <a@example.org> <b@example.org> <c@example.org>
