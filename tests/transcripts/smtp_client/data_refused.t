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
P: 451 4.3.1 No space
E: RSET
E: [rcpt 0 temp message data 4.3.1 "451 4.3.1 No space"]
P: 250 Ok
E: [done]
