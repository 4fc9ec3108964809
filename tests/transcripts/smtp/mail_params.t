# RFC 1870, 6152, 4954; what is not announced is refused (RFC 5321 4.1.1.11).
@limit errors 100
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net> SIZE=x
S: 501 5.5.4 Bad SIZE
C: MAIL FROM:<a@example.net> SIZE
S: 501 5.5.4 Bad SIZE
C: MAIL FROM:<a@example.net> SIZE=-1
S: 501 5.5.4 Bad SIZE
C: MAIL FROM:<a@example.net> SIZE=99999999999999999999
S: 501 5.5.4 Bad SIZE
C: MAIL FROM:<a@example.net> SIZE=123456789012345678901
S: 501 5.5.4 Bad SIZE
C: MAIL FROM:<a@example.net> BODY=9BIT
S: 501 5.5.4 Bad BODY
C: MAIL FROM:<a@example.net> SMTPUTF8=1
S: 501 5.5.4 SMTPUTF8 takes no value
C: MAIL FROM:<a@example.net> SMTPUTF9
S: 555 5.5.4 Unknown parameter
C: MAIL FROM:<a@example.net> RET=HDRS ENVID=1
S: 555 5.5.4 Unknown parameter
C: MAIL FROM:<a@example.net> SIZE=1 SIZE=1
S: 501 5.5.4 Parameter given twice
C: MAIL FROM:<a@example.net> =x
S~ 501 5.5.4 *
C: MAIL FROM:<a@example.net> AUTH=
S~ 501 5.5.4 *
C: MAIL FROM:<a@example.net> body=8bitmime size=100 AUTH=<>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org> NOTIFY=NEVER
S: 555 5.5.4 Unknown parameter
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org> 8bit
