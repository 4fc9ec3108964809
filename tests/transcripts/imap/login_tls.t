# RFC 3501 6.1, 6.2 on a connection with TLS.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C: a CAPABILITY
S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS
S: a OK Capabilities listed
C: b NOOP
S: b OK Done
C: c ID ("name" "mutt")
S: * ID ("name" "Mailcore")
S: c OK Pleased to meet you
C: d STARTTLS
S: d BAD TLS is active already
C: e SELECT INBOX
S: e BAD Unknown command, or not before login
C: f LOGIN user wrong
S: f NO [AUTHENTICATIONFAILED] Authentication failed
C: g LOGIN user secret
S: g OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS UNSELECT MOVE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE] Logged in
C: h NOOP
