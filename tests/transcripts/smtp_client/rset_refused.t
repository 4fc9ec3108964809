@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 550 No
E: RSET
E: [rcpt 0 perm message rcpt 5.0.0 "550 No"]
P: 502 What?
E: QUIT
E: [done last]
@wait
E: 1011
@timeout
E: [close]
