# RFC 1939 5: deleted messages do not exist until RSET
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: DELE 2
S: +OK marked for deletion
C: DELE 2
S: -ERR no such message
C: STAT
S: +OK 2 88
C: LIST
S: +OK 2 messages (88 octets)
S: 1 57
S: 3 31
S: .
C: RETR 2
S: -ERR no such message
C: TOP 2 0
S: -ERR no such message
C: RSET
S: +OK nothing is marked for deletion
C: STAT
S: +OK 3 126
C: NOOP
S: +OK nothing done
C: DELE 1
C: QUIT
S: +OK marked for deletion
S: +OK bye
@closed
