# RFC 6531 is not announced.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<j\xc3\xb6rg@example.net>
S: 553 5.6.7 Non-ASCII addresses are not supported
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<j\xc3\xb6rg@example.org>
S: 553 5.6.7 Non-ASCII addresses are not supported
C: RCPT TO:<j\xf6rg@example.org>
S~ 501 5.1.3 *
