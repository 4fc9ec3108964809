# RFC 6531: addresses that are not ASCII need SMTPUTF8 (3.5), and are UTF-8.
@limit errors 100
S: 220 mx.example.org ESMTP Mailcore
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-SMTPUTF8
S: 250 STARTTLS
C: MAIL FROM:<j\xc3\xb6rg@example.net>
S: 550 5.6.7 Non-ASCII addresses need SMTPUTF8
C: MAIL FROM:<a@b\xc3\xbccher.example>
S: 550 5.6.7 Non-ASCII addresses need SMTPUTF8
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<j\xc3\xb6rg@example.org>
S: 553 5.6.7 Non-ASCII addresses need SMTPUTF8
C: RCPT TO:<j\xf6rg@example.org>
S~ 501 5.1.3 *
C: RSET
S: 250 2.0.0 Ok
C: MAIL FROM:<j\xf6rg@example.net> SMTPUTF8
S~ 501 5.1.3 *
# CESU-8, an overlong form, and a domain that IDNA does not have.
C: MAIL FROM:<j\xed\xa0\x80@example.net> SMTPUTF8
S~ 501 5.1.3 *
C: MAIL FROM:<j\xc0\xafx@example.net> SMTPUTF8
S~ 501 5.1.3 *
C: MAIL FROM:<a@\xe2\x80\x8b.example> SMTPUTF8
S: 501 5.1.3 There is no such domain name
C: MAIL FROM:<a@b\xc3\xbc..example> SMTPUTF8
S~ 501 5.1.3 *
# 64 octets, not characters.
C: MAIL FROM:<\(\xc3\xb6*32)x@example.net> SMTPUTF8
S: 501 5.1.3 local part is longer than 64 octets
C: MAIL FROM:<J\xc3\xb6rg@B\xc3\xbccher.example> SMTPUTF8
S: 250 2.1.0 Sender ok
C: RCPT TO:<\xe7\x94\xa8\xe6\x88\xb7@example.org>
S: 250 2.1.5 Recipient ok
C: RCPT TO:<"\xc3\xbc x"@example.org>
S: 250 2.1.5 Recipient ok
C: VRFY J\xc3\xb6rg SMTPUTF8
S: 252 2.0.0 Cannot verify, send mail and see
C: VRFY J\xc3\xb6rg
S: 252 2.0.0 Cannot verify, send mail and see
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: x
C: 
C: \xc3\xa4
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <J\xc3\xb6rg@xn--bcher-kva.example>  <\xe7\x94\xa8\xe6\x88\xb7@example.org> <"\xc3\xbc x"@example.org> utf8
# Nothing of it stays behind.
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<j\xc3\xb6rg@example.org>
S: 553 5.6.7 Non-ASCII addresses need SMTPUTF8
