# A server that offers nothing: one command at a time.
@mail a@a.example b@b.example
P: 220 mx.b.example ESMTP
E: EHLO mx.example.org
P: 250 mx.b.example
E: [up]
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
P: 250 2.0.0 Queued as 12
E: [rcpt 0 ok end 2.0.0 "250 2.0.0 Queued as 12" relayed]
E: [done]
@quit
E: QUIT
P: 221 Bye
E: [close]
@closed
