# RFC 1939 4 and 7: USER and PASS, then the transaction state
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
S: +OK send PASS
C: PASS secret
S: +OK 3 messages
C: STAT
S~ +OK 3 *
C: QUIT
S: +OK bye
@closed
