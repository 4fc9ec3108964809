@loopback
@empty
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
C: STAT
C: LIST
C: UIDL
C: CAPA
S: +OK send PASS
S: +OK 0 messages
S: +OK 0 0
S: +OK 0 messages (0 octets)
S: .
S: +OK 0 messages (0 octets)
S: .
S: +OK capabilities
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: USER
S: SASL PLAIN LOGIN SCRAM-SHA-256
S: IMPLEMENTATION Mailcore
S: .
C: USER anna
S: -ERR unknown command
