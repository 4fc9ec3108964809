# What is no command line: answered, and the session goes on until too many
@loopback
S: +OK Mailcore POP3 ready
C- NOOP\n
S: -ERR commands end in CRLF
C: NO\x00OP
S: -ERR NUL in a command
C: \(x*300)
S: -ERR command line too long
C: STAT
S: -ERR unknown command, or log in first
C: USER
S: -ERR wrong number of arguments
C: USER \(n*340)
S: -ERR command line too long
C: QUIT
S: +OK bye
@closed
