# RFC 3461 4: RET, ENVID, NOTIFY, ORCPT.
@service submission
@limit errors 100
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
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
C: MAIL FROM:<a@example.net> RET=ALL
S: 501 5.5.4 Bad RET
C: MAIL FROM:<a@example.net> RET=FULL RET=HDRS
S: 501 5.5.4 Parameter given twice
C: MAIL FROM:<a@example.net> ENVID=
S~ 501 5.5.4 *
C: MAIL FROM:<a@example.net> ENVID=a+0Ab
S: 501 5.5.4 Bad ENVID
C: MAIL FROM:<a@example.net> ENVID=a+2b
S: 501 5.5.4 Bad ENVID
C: MAIL FROM:<a@example.net> ENVID=a+2
S: 501 5.5.4 Bad ENVID
C: MAIL FROM:<a@example.net> ENVID=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x
S: 501 5.5.4 Bad ENVID
C: MAIL FROM:<a@example.net> RET=hdrs ENVID=QQ+2B314159
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org> NOTIFY=SOMETIMES
S: 501 5.5.4 Bad NOTIFY
C: RCPT TO:<user@example.org> NOTIFY=NEVER,SUCCESS
S: 501 5.5.4 Bad NOTIFY
C: RCPT TO:<user@example.org> NOTIFY=SUCCESS,
S: 501 5.5.4 Bad NOTIFY
C: RCPT TO:<user@example.org> ORCPT=user@example.org
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=rfc822;a+0D+0Ab
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> ORCPT=;x
S: 501 5.5.4 Bad ORCPT
C: RCPT TO:<user@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;user+2Bx@example.org
S: 250 2.1.5 Recipient ok
C: RCPT TO:<user@example.org> NOTIFY=never
S: 250 2.1.5 Recipient ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net> user@example.org <user@example.org> notify=e orcpt=rfc822;user+2Bx@example.org <user@example.org> notify=1 <user@example.org> hdrs envid=QQ+2B314159
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
S: <a@example.net> user@example.org <user@example.org>
