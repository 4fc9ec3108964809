# RFC 1939 7: PASS only right behind a USER; other commands wait for login
@loopback
S: +OK Mailcore POP3 ready
C: PASS secret
S: -ERR USER first
C: STAT
C: RETR 1
C: UIDL
S: -ERR unknown command, or log in first
S: -ERR unknown command, or log in first
S: -ERR unknown command, or log in first
C: USER nobody
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK send PASS
S: +OK 3 messages
