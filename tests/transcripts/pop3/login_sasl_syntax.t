# RFC 5034 4: a mechanism must be named, and at most one response
@tls
S: +OK Mailcore POP3 ready
C: AUTH
S: -ERR wrong number of arguments
C: AUTH PLAIN a b
S: -ERR wrong number of arguments
C: AUTH PLAIN AGFubmEAc2VjcmV0=
S: -ERR bad base64
C: AUTH TWOSTEP
S: + 
C: \(x*17000)
S: -ERR command line too long
C: AUTH TWOSTEP
S: + 
C: *
S: -ERR cancelled
C: STAT
S: -ERR unknown command, or log in first
