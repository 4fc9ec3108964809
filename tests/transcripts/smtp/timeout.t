# RFC 5321 4.5.3.2, 3.8: 421 before we hang up.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
@timeout
S: 421 4.4.2 Timeout
@closed
