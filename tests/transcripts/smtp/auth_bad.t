# RFC 4954 4: errors of the exchange.
@limit errors 100
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
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: AUTH
S: 501 5.5.4 Mechanism expected
C: AUTH CRAM-MD5
S: 504 5.5.4 Unknown mechanism
C: AUTH PLAIN !!!
S: 501 5.5.2 Not base64
C: AUTH PLAIN =
S: 501 5.5.2 Malformed response
C: AUTH PLAIN
S: 334 
C: *
S: 501 5.7.0 Authentication cancelled
C: AUTH PLAIN
S: 334 
C: not base64
S: 501 5.5.2 Not base64
C: AUTH PLAIN
S: 334 
C: \(A*12290)
S: 500 5.5.2 Line too long
C: AUTH PLAIN AHRlbXAAc2VjcmV0
S: 454 4.7.0 Temporary authentication failure
C: AUTH PLAIN AGdvbmUAc2VjcmV0
S: 525 5.7.13 Account disabled
C: NOOP
S: 250 2.0.0 Ok
