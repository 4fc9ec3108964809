# RFC 4616 in RFC 4954: with and without an initial response.
@service submission
S: 220 mx.example.org ESMTP Mailcore
@tls plus
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN
S: 334 
C: AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250 DSN
