# The message cannot be read to its end: what is half sent is not ended.
@pieces 3
@mail a@a.example b@b.example size=30
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
E- h
E: [rcpt 0 temp message message 4.3.0 ours "451 4.3.0 its rest could not be read while sending the message: it has another size"]
E: [done last]
E: [close]
