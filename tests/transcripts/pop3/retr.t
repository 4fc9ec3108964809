# RFC 1939 3: dots are doubled, the last line is ended
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
C: RETR 1
S: +OK send PASS
S: +OK 3 messages
S: +OK 57 octets
S: Subject: one
S: 
S: First line
S: ..dot line
S: ...two dots
S: last
S: .
C: RETR 2
C: RETR 3
S: +OK 38 octets
S: Subject: two
S: To: anna@example.org
S: 
S: .
S: +OK 31 octets
S: Subject: three
S: 
S: no line end
S: .
C: RETR
S: -ERR wrong number of arguments
C: RETR 99999999999999999999
S: -ERR not a message number
