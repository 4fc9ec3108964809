# Commands out of order, RFC 5321 4.1.4.
S: 220 mx.example.org ESMTP Mailcore
C: MAIL FROM:<a@example.net>
S: 503 5.5.1 Say EHLO first, and MAIL once
C: RCPT TO:<user@example.org>
S: 503 5.5.1 Need MAIL first
C: DATA
S: 503 5.5.1 Need a recipient that was accepted
C: STARTTLS
S: 503 5.5.1 Say EHLO first
C: HELO c.example.net
S: 250 mx.example.org
C: RCPT TO:<user@example.org>
S: 503 5.5.1 Need MAIL first
@show delay
S: 0
C: MAIL FROM:<a@example.net>
S: 250 2.1.0 Sender ok
C: MAIL FROM:<a@example.net>
S: 503 5.5.1 Say EHLO first, and MAIL once
C: DATA
S: 503 5.5.1 Need a recipient that was accepted
# Beyond five errors each costs a second.
@show delay
S: 2000
