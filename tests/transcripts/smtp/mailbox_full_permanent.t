# quota_reply = permanent.
@full-is-permanent
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<full@example.org>
S: 552 5.2.2 Mailbox is full
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
