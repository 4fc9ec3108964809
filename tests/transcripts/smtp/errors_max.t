# Bad commands end the session.
@limit errors 8
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C- \(FOO\r\n*20)
S- \(500 5.5.1 Unknown command\r\n*8)
S: 421 4.7.0 Too many errors
@closed
@show delay
S: 2000
