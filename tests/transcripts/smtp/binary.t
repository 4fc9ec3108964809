# Noise is answered, and ends soon.
@limit errors 3
S: 220 mx.example.org ESMTP Mailcore
C: \x16\x03\x01\x02\x00\x01
S: 500 5.5.2 Bare CR, bare LF or NUL in a command
C: \xff\xfe
S: 500 5.5.1 Unknown command
C: \x80
S: 500 5.5.1 Unknown command
S: 421 4.7.0 Too many errors
@closed
