# Only CRLF.CRLF ends the data; what comes behind other things is text.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: text
C- .\n
C: MAIL FROM:<x@example.net>
C- \r\n.\rRCPT TO:<x@example.org>\r\n
C- \n.\r\n
C- a\n.\n
C- b\r.\r
C: QUIT
C: .
C: NOOP
S: 550 5.6.0 Bare CR or LF in the message
S: 250 2.0.0 Ok
