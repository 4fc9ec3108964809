# RFC 1939 6: QUIT removes what is marked, and nothing else
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: DELE 1
C: DELE 3
S: +OK marked for deletion
S: +OK marked for deletion
@messages 3
C: QUIT
S: +OK bye
@messages 1
@closed
