# So do guessed addresses; a message that was accepted starts anew.
@limit errors 3
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<nobody@example.org>
C: RCPT TO:<nobody@example.org>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 550 5.1.1 No such user here
S: 550 5.1.1 No such user here
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: .
S: 250 2.0.0 Queued as 123abc
C: MAIL FROM:<a@example.net>
C: RCPT TO:<nobody@example.org>
C: RCPT TO:<nobody@example.org>
C: RCPT TO:<nobody@example.org>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 550 5.1.1 No such user here
S: 550 5.1.1 No such user here
S: 550 5.1.1 No such user here
S: 421 4.7.0 Too many errors
@closed
