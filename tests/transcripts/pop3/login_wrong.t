# RFC 3206: [AUTH]; the connection ends after three failures
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS wrong
S: +OK send PASS
S: -ERR [AUTH] wrong name or password
C: PASS secret
S: -ERR USER first
C: USER nobody
C: PASS a password with spaces
S: +OK send PASS
S: -ERR [AUTH] wrong name or password
C: USER anna
C: PASS no
S: +OK send PASS
S: -ERR [AUTH] too many failures
@closed
