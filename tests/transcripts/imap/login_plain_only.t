# No certificate, not from this host: nobody can log in.
@login plain
S: * OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE LOGINDISABLED] mx.example.org Mailcore ready
C: a STARTTLS
S: a NO [UNAVAILABLE] TLS is not available
C: b CAPABILITY
S: * CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE LOGINDISABLED
S: b OK Capabilities listed
C: c LOGIN user secret
S: c NO [PRIVACYREQUIRED] Use TLS first
C: d LOGOUT
S: * BYE Logging out
S: d OK Good bye
@closed
