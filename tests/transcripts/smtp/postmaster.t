# RFC 5321 4.5.1: "postmaster" without a domain is one of this host.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<Postmaster>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <Postmaster@mx.example.org>
