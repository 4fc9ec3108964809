# A server that stops deletes nothing, and says why
@loopback
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: +OK 3 messages
C: DELE 1
S: +OK marked for deletion
@stop
S: -ERR [SYS/TEMP] the server is stopping
@messages 3
@closed
