# From this machine AUTH needs no TLS.
@service submission
@loopback
@remote 127.0.0.1
S: 220 mx.example.org ESMTP Mailcore
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-SMTPUTF8
S: 250-STARTTLS
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
# RFC 4954 4: not twice.
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 503 5.5.1 Already authenticated
# RFC 3207 4.2: what was known before TLS is forgotten.
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
@tls
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<user@example.org>
S: 530 5.7.0 Authentication required
