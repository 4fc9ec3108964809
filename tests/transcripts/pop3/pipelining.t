# RFC 2449 6.6: commands in one piece, answers in their order
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: STAT
C: RETR 2
C: NOSUCH
C: TOP 1 1
C: DELE 2
C: LIST
C: QUIT
S: +OK 3 126
S: +OK 38 octets
S: Subject: two
S: To: anna@example.org
S: 
S: .
S: -ERR unknown command
S: +OK top of message follows
S: Subject: one
S: 
S: First line
S: .
S: +OK marked for deletion
S: +OK 2 messages (88 octets)
S: 1 57
S: 3 31
S: .
S: +OK bye
@messages 2
@closed
