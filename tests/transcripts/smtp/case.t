# RFC 5321 2.4: verbs in any case; blanks before CRLF are tolerated.
S: 220 mx.example.org ESMTP Mailcore
C: hElO c.example.net
S: 250 mx.example.org
C: mail from:<a@example.net>  
S: 250 2.1.0 Sender ok
C: rcpt to:<user@example.org>
S: 250 2.1.5 Recipient ok
C: rset 
S: 250 2.0.0 Ok
C: quit
S: 221 2.0.0 Bye
@closed
