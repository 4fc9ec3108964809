# RFC 5321 4.1.1.5: RSET forgets the transaction, not the session.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: RSET
S: 250 2.0.0 Ok
C: DATA
S: 503 5.5.1 Need a recipient that was accepted
C: MAIL FROM:<b@example.net>
C: RCPT TO:<other@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <b@example.net>  <other@example.org>
