# RFC 6409 4.3: TLS first, then AUTH.
@service submission
S: 220 mx.example.org ESMTP Mailcore
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-SMTPUTF8
S: 250 STARTTLS
C: MAIL FROM:<user@example.org>
S: 530 5.7.0 Must issue a STARTTLS command first
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 538 5.7.11 Encryption required
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
@tls
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<user@example.org>
S: 530 5.7.0 Authentication required
C: NOOP
S: 250 2.0.0 Ok
