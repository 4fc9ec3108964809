@no-tls
S: +OK Mailcore POP3 ready
C: STLS
S: -ERR no TLS here
C: \(A\r\n*8)A
S: \(-ERR unknown command, or log in first\r\n*8)-ERR too many bad commands
@closed
