# RFC 2449 6.6: what comes with the password waits for the login
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
C: STAT
C: DELE 1
C: QUIT
S: +OK send PASS
S: +OK 3 messages
S: +OK 3 126
S: +OK marked for deletion
S: +OK bye
@messages 2
@closed
