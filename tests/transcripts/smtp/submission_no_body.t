# A header alone, without the empty line.
@service submissions
S: 220 mx.example.org ESMTP Mailcore
@tls plus
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
C: MAIL FROM:<user@example.org>
C: RCPT TO:<x@example.com>
C: RCPT TO:<y@example.com>
C: DATA
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
S: 250 2.1.5 Recipient ok
S: 354 End data with <CRLF>.<CRLF>
C: Subject: x
C: .
S: 250 2.0.0 Queued as 123abc
@show body
S~ Received: *
S~ 	by *
S~ 	(TLS*
S~ 	Thu, *
S: Subject: x
S: Date: Thu, 1 Jan 1970 10:00:00 +0000
S: Message-ID: <0000000000000abc.1.36000@mx.example.org>
S: 
