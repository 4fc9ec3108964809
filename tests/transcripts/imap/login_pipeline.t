# Commands behind LOGIN wait for its answer.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C- a CAPABILITY\r\nb LOGIN user wrong\r\nc NOOP\r\nd LOGOUT\r\n
S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS
S: a OK Capabilities listed
S: b NO [AUTHENTICATIONFAILED] Authentication failed
S: c OK Done
S: * BYE Logging out
S: d OK Good bye
@closed
