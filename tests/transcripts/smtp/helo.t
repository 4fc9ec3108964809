# RFC 5321 4.1.1.1: HELO has no extensions, and its own name in "with".
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show body
S: Received: from c.example.net ([192.0.2.1])
S: 	by mx.example.org with SMTP id 0000000000000abc.1
S: 	for <user@example.org>;
S: 	Thu, 1 Jan 1970 10:00:00 +0000
