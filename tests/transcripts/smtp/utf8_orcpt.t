# RFC 6533 3: original recipients of the type utf-8, kept in ASCII.
@service submission
@limit errors 100
S: 220 mx.example.org ESMTP Mailcore
@tls
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org> ORCPT=utf-8;j\xc3\xb6rg@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=utf-8;j\x5cx{F6}rg\x5cx{2B}x@example.org
S: 250 2.1.5 Recipient ok
C: RCPT TO:<user@example.org> ORCPT=utf-8;j\x5cx{F6rg@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=utf-8;j\x5cx{0D}\x5cx{0A}rg@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=utf-8;j\x5cx{D800}rg@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=utf-8;j+F6rg@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=rfc822;j\xc3\xb6rg@example.org
S: 501 5.5.4 Bad ORCPT
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net> user@example.org <user@example.org> orcpt=utf-8;j\x5cx{F6}rg\x5cx{2B}x@example.org
C: MAIL FROM:<a@example.net> SMTPUTF8
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org> ORCPT=UTF-8;j\xc3\xb6rg@example.org
S: 250 2.1.5 Recipient ok
C: RCPT TO:<user@example.org> ORCPT=utf-8;\(\xc3\xb6*200)@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=utf-8;j\xf6rg@example.org
S: 501 5.5.4 bad parameter value
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net> user@example.org <user@example.org> orcpt=utf-8;j\x5cx{F6}rg@example.org utf8
