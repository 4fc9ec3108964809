# RFC 5321 4.5.3.1.4: 512 octets with CRLF. The rest of the line is no command.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: NOOP \(x*505)
S: 250 2.0.0 Ok
C: NOOP \(x*506)
S: 500 5.5.2 Line too long
C: NOOP \(QUIT *2000)
S: 500 5.5.2 Line too long
C: NOOP
S: 250 2.0.0 Ok
