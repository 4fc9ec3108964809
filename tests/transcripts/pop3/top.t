# RFC 1939 7: headers, the empty line, and n lines of the body
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: TOP 1 0
S: +OK top of message follows
S: Subject: one
S: 
S: .
C: TOP 1 2
S: +OK top of message follows
S: Subject: one
S: 
S: First line
S: ..dot line
S: .
C: TOP 1 1000
S: +OK top of message follows
S: Subject: one
S: 
S: First line
S: ..dot line
S: ...two dots
S: last
S: .
C: TOP 2 5
S: +OK top of message follows
S: Subject: two
S: To: anna@example.org
S: 
S: .
C: TOP 1
S: -ERR wrong number of arguments
C: TOP 1 x
S: -ERR not a number of lines
