# RFC 2033: a reply for each recipient that was accepted, in their order.
@lmtp
@mail a@a.example b@b.example c@b.example d@b.example
P: 220 mx LMTP
E: LHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
E: RCPT TO:<d@b.example>
E: DATA
P: 250 Ok
P: 250 Ok
P: 550 5.1.1 No
P: 250 Ok
P: 354 Go on
E: [rcpt 1 perm message rcpt 5.1.1 "550 5.1.1 No"]
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 2.0.0 b
E: [rcpt 0 ok end 2.0.0 "250 2.0.0 b" relayed]
@wait
E: 1009
P: 452 4.2.2 d is full
E: [rcpt 2 temp message end 4.2.2 "452 4.2.2 d is full"]
E: [done]
