# RFC 1939 11: sizes are those on the wire, whatever the line ends that a message
# was stored with; dots that are doubled do not count.
@bare
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 4 messages
C: STAT
C: LIST 4
S: +OK 4 166
S: +OK 4 40
C: RETR 4
S: +OK 40 octets
S: Subject: bare
S: 
S: ..a
S: b
S: c\rd
S: 
S: ...
S: end
S: .
C: TOP 4 1
S: +OK top of message follows
S: Subject: bare
S: 
S: ..a
S: .
C: DELE 4
C: STAT
S: +OK marked for deletion
S: +OK 3 126
C: RSET
C: STAT
S: +OK nothing is marked for deletion
S: +OK 4 166
