# RFC 1939 4: QUIT is valid before login
S: +OK Mailcore POP3 ready
C: QUIT
S: +OK bye
@closed
