# No relay for strangers, in whatever form they ask.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<user@example.org>
S: 250 2.1.0 Sender ok
C: RCPT TO:<x@example.com>
S: 550 5.7.1 Relaying denied
C: RCPT TO:<"x@example.com"@example.net>
S: 550 5.7.1 Relaying denied
C: RCPT TO:<@example.org:x@example.com>
S: 550 5.7.1 Relaying denied
C: RCPT TO:<x%example.com@[192.0.2.1]>
S: 550 5.7.1 Relaying denied
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
