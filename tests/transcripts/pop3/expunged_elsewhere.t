# The list is fixed at login; the number stays, what is there can be read
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
@expunge 1
C: STAT
S: +OK 3 126
C: RETR 2
S: +OK 38 octets
S: Subject: two
S: To: anna@example.org
S: 
S: .
C: DELE 1
C: QUIT
S: +OK marked for deletion
S: +OK bye
@closed
