# RFC 4954 4: not before EHLO, not in a transaction. Port 25 has it as well.
S: 220 mx.example.org ESMTP Mailcore
@tls
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 503 5.5.1 AUTH is between EHLO and MAIL
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<user@example.org>
S: 250 2.1.0 Sender ok
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 503 5.5.1 AUTH is between EHLO and MAIL
C: RSET
S: 250 2.0.0 Ok
C: AUTH SCRAM-SHA-256-PLUS
S: 504 5.5.4 Unknown mechanism
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
C: MAIL FROM:<user@example.org>
C: RCPT TO:<x@example.com>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
