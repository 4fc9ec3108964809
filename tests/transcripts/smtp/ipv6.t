# RFC 5321 4.1.3: how an IPv6 address is written in the trace.
@remote 2001:db8::1
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show body
S: Received: from c.example.net ([IPv6:2001:db8::1])
S~ 	by *
S~ 	for *
S~ 	Thu, *
