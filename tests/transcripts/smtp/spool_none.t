# The queue cannot give a file: full, away, or too much at once.
@reply spool full
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C- \(\(0123456789*10)\r\n*700)
C: .
C: NOOP
S: 452 4.3.1 Insufficient system storage
S: 250 2.0.0 Ok
@reply spool temp
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C- \(\(0123456789*10)\r\n*700)
C: .
S: 451 4.3.0 Temporary failure, try again later
