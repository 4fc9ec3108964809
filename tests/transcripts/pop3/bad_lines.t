# RFC 1939 3: -ERR for what is no command here; the session goes on until too
# many
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: 
S: -ERR unknown command
C: USER anna
S: -ERR unknown command
C: PASS secret
S: -ERR unknown command
C: STLS
S: -ERR unknown command
C: AUTH PLAIN
S: -ERR unknown command
C: APOP anna c4c9334bac560ecc979e58001b3e22fb
S: -ERR unknown command
C- STAT\n
S: -ERR commands end in CRLF
C: ST\rAT
S: -ERR bare CR in a command
C: ST\x00AT
S: -ERR NUL in a command
C: \(x*300)
S: -ERR command line too long
C: STAT 1
S: -ERR wrong number of arguments
C: NOOP x
S: -ERR wrong number of arguments
C: RSET 1
S: -ERR wrong number of arguments
C: QUIT now
S: -ERR wrong number of arguments
C: DELE
S: -ERR wrong number of arguments
C: STAT
S: +OK 3 126
C: A\r\nB\r\nC\r\nD\r\nE
S: \(-ERR unknown command\r\n*4)-ERR unknown command
@messages 3
@closed
