# RFC 5321 4.1.2. A blank behind the colon is wrong, but common.
@limit errors 100
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL
S: 501 5.5.4 Syntax error
C: MAIL FROM
S: 501 5.5.4 Syntax error
C: MAIL TO:<a@example.net>
S: 501 5.5.4 Syntax error
C: MAIL FROM:
S~ 501 5.1.3 *
C: MAIL FROM:a@example.net
S~ 501 5.1.3 *
C: MAIL FROM:<a@example.net
S~ 501 5.1.3 *
C: MAIL FROM:<a@example.net>x
S: 501 5.5.4 Syntax error
C: MAIL FROM:<a@-bad.example.net>
S~ 501 5.1.3 *
C: MAIL FROM:<\(a*65)@example.net>
S~ 501 5.1.3 *
C: MAIL FROM: <a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO
S: 501 5.5.4 Syntax error
C: RCPT TO:<a b@example.org>
S~ 501 5.1.3 *
C: RCPT TO: <"a b"@example.org>
S: 250 2.1.5 Recipient ok
