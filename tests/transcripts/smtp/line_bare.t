# RFC 5321 2.3.8: no line ends but CRLF, and no NUL.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C- NOOP\n
S: 500 5.5.2 Bare CR, bare LF or NUL in a command
C: NO\rOP
S: 500 5.5.2 Bare CR, bare LF or NUL in a command
C: NOOP\x00
S: 500 5.5.2 Bare CR, bare LF or NUL in a command
C: NOOP
S: 250 2.0.0 Ok
