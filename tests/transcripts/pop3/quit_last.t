# Nothing that comes behind QUIT is obeyed
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: DELE 1
C: QUIT
C: DELE 2
C: QUIT
S: +OK marked for deletion
S: +OK bye
@messages 2
@closed
