C: a NOOP
S: a OK Done
C: b LOGOUT
S: * BYE Logging out
S: b OK Good bye
@closed
