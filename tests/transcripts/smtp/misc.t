# Commands that change nothing.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: NOOP
S: 250 2.0.0 Ok
C: NOOP with words
S: 250 2.0.0 Ok
C: VRFY user
S: 252 2.0.0 Cannot verify, send mail and see
C: VRFY
S: 501 5.5.4 Argument expected
C: EXPN staff
S: 502 5.5.1 Lists are not expanded
C: HELP
S: 214 2.0.0 Commands: EHLO HELO MAIL RCPT DATA RSET NOOP QUIT STARTTLS AUTH VRFY EXPN HELP
C: HELP MAIL
S~ 214 2.0.0 Commands: *
C: RSET now
S: 501 5.5.4 No argument expected
C: DATA now
S: 503 5.5.1 Need a recipient that was accepted
C: TURN
S: 500 5.5.1 Unknown command
C: MAILFROM:<a@example.net>
S: 500 5.5.1 Unknown command
