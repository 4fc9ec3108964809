# RFC 3207 4.2: after TLS all starts anew; trace says ESMTPS.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: STARTTLS now
S: 501 5.5.4 No argument expected
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
@show starttls
S: yes
@tls
C: MAIL FROM:<a@example.net>
S: 503 5.5.1 Say EHLO first, and MAIL once
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: STARTTLS
S: 503 5.5.1 TLS is on already
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
@show body
S: Received: from c.example.net ([192.0.2.1])
S: 	by mx.example.org with ESMTPS
S: 	(TLSv1.3 TLS_AES_256_GCM_SHA384) id 0000000000000abc.1
S: 	for <user@example.org>;
S: 	Thu, 1 Jan 1970 10:00:00 +0000
