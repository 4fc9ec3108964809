# No passwords in the clear from afar
S: +OK Mailcore POP3 ready
C: CAPA
S: +OK capabilities
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: STLS
S: .
C: USER anna
S: -ERR [SYS/PERM] use STLS first
C: AUTH PLAIN AGFubmEAc2VjcmV0
S: -ERR [SYS/PERM] use STLS first
C: STLS
S: +OK begin TLS
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
C: STLS
S: -ERR TLS is on already
C: AUTH PLAIN AGFubmEAc2VjcmV0
S: +OK 3 messages
@open
