# RFC 5321 3.2: a server that does not know EHLO is said HELO.
@mail a@a.example b@b.example
P: 220 old
E: EHLO mx.example.org
P: 502 What?
E: HELO mx.example.org
P: 250 Hello
E: [up helo]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 250 Ok
E: DATA
P: 354 Go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250
E: [rcpt 0 ok end 2.0.0 "250" relayed]
E: [done]
