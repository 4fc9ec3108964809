# Three wrong passwords, then it is over.
@login tls
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS] mx.example.org Mailcore ready
C: a LOGIN user wrong
S: a NO [AUTHENTICATIONFAILED] Authentication failed
C: b LOGIN nobody secret
S: b NO [AUTHENTICATIONFAILED] Authentication failed
C: c AUTHENTICATE PLAIN AHVzZXIAd3Jvbmc=
S: c NO [AUTHENTICATIONFAILED] Authentication failed
S: * BYE Too many failed logins
@closed
