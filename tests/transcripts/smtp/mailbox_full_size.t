# What SIZE= declares counts, for its own transaction: RFC 1870.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net> SIZE=1000
S: 250 2.1.0 Sender ok
C: RCPT TO:<full@example.org>
S: 250 2.1.5 Recipient ok
C: RSET
S: 250 2.0.0 Ok
C: MAIL FROM:<a@example.net> SIZE=1001
S: 250 2.1.0 Sender ok
C: RCPT TO:<full@example.org>
S: 452 4.2.2 Mailbox is full
C: RSET
S: 250 2.0.0 Ok
C: MAIL FROM:<a@example.net> SIZE=2001
S: 250 2.1.0 Sender ok
C: RCPT TO:<full@example.org>
S: 552 5.2.3 Message is larger than this mailbox may be
C: RSET
S: 250 2.0.0 Ok
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<full@example.org>
S: 452 4.2.2 Mailbox is full
