# Ten wrong commands, then it is over.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C: a
S: a BAD Missing argument
C: b FOO
S: b BAD Unknown command, or not before login
C: c LOGIN
S: c BAD Missing argument
C: d LOGIN user
S: d BAD Missing argument
C: e LOGIN user secret x
S: e BAD Unexpected arguments
C: 
S: * BAD Invalid tag
C: g NOOP x
S: g BAD Unexpected arguments
C: h AUTHENTICATE
S: h BAD Missing argument
C- i NO\x00OP\r\n
C- j NOOP\n
S: i BAD NUL in a command
S: j BAD LF without CR in a command
S: * BYE Too many bad commands
@closed
