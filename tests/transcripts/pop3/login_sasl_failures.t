# RFC 3206: a wrong password is [AUTH], whatever it came with; three are enough
@tls
S: +OK Mailcore POP3 ready
C: AUTH PLAIN AGFubmEAd3Jvbmc=
S: -ERR [AUTH] wrong name or password
C: AUTH PLAIN
S: + 
C: AGFubmEAd3Jvbmc=
S: -ERR [AUTH] wrong name or password
C: USER anna
C: PASS wrong
S: +OK send PASS
S: -ERR [AUTH] too many failures
@closed
