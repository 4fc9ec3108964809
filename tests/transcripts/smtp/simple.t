# A message from another host to a local user.
S: 220 mx.example.org ESMTP Mailcore
C: EHLO client.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-SMTPUTF8
S: 250 STARTTLS
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: RCPT TO:<user@Example.ORG>
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: Subject: hello
C: 
C: Hello
C: ..dot
C: .
S: 250 2.0.0 Queued as 123abc
@show envelope
S: <a@example.net>  <user@example.org>
@show body
S: Received: from client.example.net ([192.0.2.1])
S: 	by mx.example.org with ESMTP id 0000000000000abc.1
S: 	for <user@example.org>;
S: 	Thu, 1 Jan 1970 10:00:00 +0000
S: Subject: hello
S: 
S: Hello
S: .dot
C: QUIT
S: 221 2.0.0 Bye
@closed
