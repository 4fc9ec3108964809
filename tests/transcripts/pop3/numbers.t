# RFC 1939 5: message numbers are decimal, from 1; deleted ones are gone
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: LIST 01
S: +OK 1 57
C: LIST +1
S: -ERR not a message number
C: LIST -1
S: -ERR not a message number
C: RETR 0
S: -ERR not a message number
C: RETR 1x
S: -ERR not a message number
C: DELE 4294967297
S: -ERR not a message number
C: TOP 4 1
S: -ERR no such message
C: TOP 1 -1
S: -ERR not a number of lines
C: DELE 1
S: +OK marked for deletion
C: LIST 1
S: -ERR no such message
C: UIDL 1
S: -ERR no such message
C: UIDL
S: +OK 2 messages (69 octets)
S~ 2 00000002*
S~ 3 00000003*
S: .
