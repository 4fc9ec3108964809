# RFC 5034 4: an initial response saves a round; it may be longer than a line
# of RFC 2449 may be
@tls
S: +OK Mailcore POP3 ready
C: AUTH PLAIN \(YWFh*3000)
S: -ERR [AUTH] wrong name or password
C: auth plain AGFubmEAc2VjcmV0
S: +OK 3 messages
C: STAT
S: +OK 3 126
