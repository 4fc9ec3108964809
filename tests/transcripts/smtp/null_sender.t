# Reports have no sender; nobody else may do without.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<>
S: 250 2.1.0 Sender ok
C: RCPT TO:<>
S: 501 5.1.3 Recipient needs an address
C: RSET
S: 250 2.0.0 Ok
C: MAIL FROM:<postmaster>
S: 553 5.1.7 Sender needs a domain
