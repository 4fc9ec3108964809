# All that was pipelined is answered before anything else is said.
@mail a@a.example b@b.example c@b.example
@mail d@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
E: DATA
P: 550 5.7.1 Not from there
E: [rcpt 0 perm message mail 5.7.1 "550 5.7.1 Not from there"]
E: [rcpt 1 perm message mail 5.7.1 "550 5.7.1 Not from there"]
P: 503 Bad sequence
P: 250 Odd
P: 503 Bad sequence
E: [done]
E: MAIL FROM:<d@a.example>
E: RCPT TO:<b@b.example>
E: DATA
P: 451 Later
P: 503 Bad sequence
P: 354 Very odd
E: [rcpt 0 temp message mail 4.0.0 "451 Later"]
E: .
P: 250 Whatever
E: [done]
