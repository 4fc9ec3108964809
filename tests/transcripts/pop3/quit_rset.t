# RFC 1939 5: RSET takes back what was marked
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: DELE 1
C: RSET
C: RETR 1
C: QUIT
S: +OK marked for deletion
S: +OK nothing is marked for deletion
S: +OK 57 octets
S: Subject: one
S: 
S: First line
S: ..dot line
S: ...two dots
S: last
S: .
S: +OK bye
@messages 3
@closed
