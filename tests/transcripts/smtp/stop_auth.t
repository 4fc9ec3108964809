# Shutdown in the middle of AUTH.
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
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
@stop
S: 421 4.3.2 Service is shutting down
@closed
