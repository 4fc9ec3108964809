# RFC 1939 3: keywords are case-insensitive; blanks at the end do no harm
@loopback
S: +OK Mailcore POP3 ready
C: uSeR anna
C: pass secret
S: +OK send PASS
S: +OK 3 messages
C: sTaT
C: list 2
C: LIST 2 
C: Uidl  2
C: noop
S: +OK 3 126
S: +OK 2 38
S: +OK 2 38
S~ +OK 2 00000002*
S: +OK nothing done
