# RFC 8689 3, 4.1: the field TLS-Required: No, once, in the header.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: No
C: TLS-Required: No
C: 
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org> tls-optional
# Folded, in any case.
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: tls-required:
C:  NO
C: Subject: x
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org> tls-optional
# Twice, and another word; nothing of it stays behind.
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: TLS-Required: No
C: TLS-Required: No
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org>
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: TLS-Required: Nope
C: X-TLS-Required: No
C: 
C: TLS-Required: No
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org>
# The parameter makes it void.
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
C: MAIL FROM:<a@example.net> REQUIRETLS
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: TLS-Required: No
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org> requiretls
