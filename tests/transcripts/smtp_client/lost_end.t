@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
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
@wait
E: 1009
@timeout
E: [rcpt 0 temp message end 4.4.2 ours "421 4.4.2 timed out while waiting for the reply to the message"]
E: [done last]
E: [close]
