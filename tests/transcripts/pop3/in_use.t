# RFC 2449 8.1.1
@loopback
@busy
S: +OK Mailcore POP3 ready
C: USER anna
C: PASS secret
S: +OK send PASS
S: -ERR [IN-USE] another session has the maildrop
@closed
