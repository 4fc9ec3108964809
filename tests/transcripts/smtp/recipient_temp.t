# Addresses cannot be looked up now.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<temp@example.org>
S: 451 4.3.0 Recipient cannot be checked now
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
