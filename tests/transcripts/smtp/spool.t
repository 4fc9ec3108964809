# Beyond 64 KiB a message goes through a file of the queue.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: large
C: 
C- \(\(0123456789*10)\r\n*700)
C: ..end
C: .
C: NOOP
S: 250 2.0.0 Queued as 123abc
S: 250 2.0.0 Ok
@show envelope
S: <a@example.net>  <user@example.org> spooled
@show body
S~ Received: *
S~ 	by *
S~ 	for *
S~ 	Thu, *
S: Subject: large
S: 
S- \(\(0123456789*10)\r\n*700)
S: .end
# The next one is small again.
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org>
