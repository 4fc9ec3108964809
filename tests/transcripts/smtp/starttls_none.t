# Not offered, not announced.
@no-tls
S: 220 mx.example.org ESMTP Mailcore
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250 SMTPUTF8
C: STARTTLS
S: 502 5.5.1 TLS is not offered
