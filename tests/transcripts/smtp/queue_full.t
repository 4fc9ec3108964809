# The queue did not take it: never a 250.
@reply commit full
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: x
C: .
S: 452 4.3.1 Insufficient system storage
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
