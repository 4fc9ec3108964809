# LOGIN in all three forms of strings.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C: a LOGIN {4}
S: + OK
C: temp {6}
S: + OK
C: secret
S: a NO [UNAVAILABLE] Temporary authentication failure
C: b LOGIN "off" {6+}
C: secret
S: b NO [AUTHORIZATIONFAILED] Account may not use IMAP
C: c LOGIN "a\\"b\\\\c" "secret"
S: c OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS UNSELECT MOVE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE] Logged in
