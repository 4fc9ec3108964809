# The option smtputf8 = no.
@no-utf8
S: 220 mx.example.org ESMTP Mailcore
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250 STARTTLS
C: MAIL FROM:<a@example.net> SMTPUTF8
S: 555 5.5.4 Unknown parameter
C: MAIL FROM:<j\xc3\xb6rg@example.net>
S: 550 5.6.7 Non-ASCII addresses need SMTPUTF8
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<j\xc3\xb6rg@example.org>
S: 553 5.6.7 Non-ASCII addresses need SMTPUTF8
