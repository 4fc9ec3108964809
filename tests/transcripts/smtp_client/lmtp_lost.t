# What was said stays; of the rest nobody knows: it waits, and no other host is
# asked at once.
@lmtp
@mail a@a.example b@b.example c@b.example
P: 220 mx LMTP
E: LHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
E: DATA
P: 250 Ok
P: 250 Ok
P: 250 Ok
P: 354 Go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 2.0.0 b
E: [rcpt 0 ok end 2.0.0 "250 2.0.0 b" relayed]
@closed-by end of file
E: [rcpt 1 temp message end 4.4.2 ours "421 4.4.2 the connection was lost while waiting for the reply to the message: end of file"]
E: [done last]
E: [close]
