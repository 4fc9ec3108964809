# A response that is too long ends the exchange.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C: a AUTHENTICATE PLAIN
S: + 
C: \(A*9000)
S: a BAD Command line too long
C: b NOOP
S: b OK Done
