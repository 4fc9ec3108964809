# RFC 8689 2: only under TLS; it takes no value; the message is marked.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net> REQUIRETLS
S: 530 5.7.10 REQUIRETLS is for sessions with TLS
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
@tls
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: MAIL FROM:<a@example.net> REQUIRETLS=yes
S: 501 5.5.4 REQUIRETLS takes no value
C: MAIL FROM:<a@example.net> REQUIRETLS REQUIRETLS
S: 501 5.5.4 Parameter given twice
C: MAIL FROM:<a@example.net> requiretls
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org> REQUIRETLS
S: 555 5.5.4 Unknown parameter
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org> requiretls
# Nothing of it stays behind.
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org>
