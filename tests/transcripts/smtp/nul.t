# RFC 5321 4.5.2 knows no NUL in text.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: a\x00b
C: .
C: NOOP
S: 550 5.6.0 NUL in the message
S: 250 2.0.0 Ok
