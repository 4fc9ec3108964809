@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
C: LIST
C: UIDL
S: +OK send PASS
S: +OK 3 messages
S: +OK 3 messages (126 octets)
S: 1 57
S: 2 38
S: 3 31
S: .
S: +OK 3 messages (126 octets)
S~ 1 00000001*
S~ 2 00000002*
S~ 3 00000003*
S: .
C: LIST 2
S: +OK 2 38
C: UIDL 3
S~ +OK 3 00000003*
C: LIST 4
S: -ERR no such message
C: LIST 0
S: -ERR not a message number
C: UIDL x
S: -ERR not a message number
C: LIST 1 2
S: -ERR wrong number of arguments
