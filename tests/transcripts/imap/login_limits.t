# A stranger gets 8 KiB.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C: a LOGIN {3000}
S: a BAD [TOOBIG] Literal too large
C: b LOGIN {3000+}
S: b BAD [TOOBIG] Literal too large
C: \(x*3000) y
C: c LOGIN \(x*7000) y
S: c BAD Command line too long
C: d LOGIN \(x*1000) \(y*1000)
S: d NO [AUTHENTICATIONFAILED] Authentication failed
C: e LOGIN {2000} x
S: e BAD Malformed literal
C: f LOGIN user {2040}
S: + OK
C: \(p*2040)
S: f NO [AUTHENTICATIONFAILED] Authentication failed
C: g NOOP
S: g OK Done
