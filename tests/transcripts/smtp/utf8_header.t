# RFC 6531, 6532: what the next host must know of the header; the trace field
# names the protocol (4.3), and no recipient that is not ASCII.
S: 220 mx.example.org ESMTP Mailcore
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-SMTPUTF8
S: 250 STARTTLS
C: MAIL FROM:<a@example.net> SMTPUTF8 BODY=8BITMIME
S: 250 2.1.0 Sender ok
C: RCPT TO:<j\xc3\xb6rg@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: x
C: 	\xc3\xa4
C: 
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <j\xc3\xb6rg@example.org> 8bit utf8 header
@show body
S: Received: from c.example.net ([192.0.2.1])
S: 	by mx.example.org with UTF8SMTP id 0000000000000abc.1;
S: 	Thu, 1 Jan 1970 10:00:00 +0000
S: Subject: x
S: 	\xc3\xa4
S: 
@tls
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN AHVzZXIAc2VjcmV0
S: 235 2.7.0 Authentication succeeded
C: MAIL FROM:<a@example.net> SMTPUTF8
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: x
C: 
C: \xc3\xa4
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net> user@example.org <user@example.org> utf8
@show body
S: Received: from c.example.net ([192.0.2.1])
S: 	by mx.example.org with UTF8SMTPSA
S: 	(TLSv1.3 TLS_AES_256_GCM_SHA384) id 0000000000000abc.2
S: 	for <user@example.org>;
S: 	Thu, 1 Jan 1970 10:00:00 +0000
S: Subject: x
S: 
S: \xc3\xa4
# Without SMTPUTF8 it is junk, and goes on as it always did.
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@example.org>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: \xc3\xa4
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net> user@example.org <user@example.org>
