# MAIL may be longer, for its parameters (RFC 1870 3, RFC 4954 5, RFC 3461 4).
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net> AUTH=\(x*500)
S: 250 2.1.0 Sender ok
C: RCPT TO:<\(x*1040)@example.org>
S: 500 5.5.2 Line too long
