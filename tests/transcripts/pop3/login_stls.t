# RFC 2595 4: what was said before TLS is forgotten
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
S: +OK send PASS
C: STLS
S: +OK begin TLS
C: PASS secret
S: -ERR USER first
C: CAPA
S: +OK capabilities
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: USER
S: SASL PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS
S: .
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
