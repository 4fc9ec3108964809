# RFC 5034: AUTH with and without initial response, cancelled, malformed
@tls
S: +OK Mailcore POP3 ready
C: AUTH PLAIN
S: + 
C: *
S: -ERR cancelled
C: AUTH PLAIN !!!
S: -ERR bad base64
C: AUTH PLAIN
S: + 
C: ????
S: -ERR bad base64
C: AUTH NOSUCH
S: -ERR unknown mechanism
C: AUTH PLAIN =
S: -ERR [AUTH] wrong name or password
C: AUTH TWOSTEP
S: + 
C: AGFubmEAc2VjcmV0
S: +OK 3 messages
