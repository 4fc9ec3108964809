# RFC 1939 3: an idle session ends without a word, and deletes nothing
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
C: DELE 1
S: +OK send PASS
S: +OK 3 messages
S: +OK marked for deletion
@timeout
@messages 3
@closed
