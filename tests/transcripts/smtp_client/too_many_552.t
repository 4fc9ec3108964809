# RFC 5321 4.5.3.1.10: 552 stands for 452; a full mailbox does not.
@mail a@a.example b@b.example c@b.example d@b.example e@b.example f@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
E: RCPT TO:<d@b.example>
E: RCPT TO:<e@b.example>
E: RCPT TO:<f@b.example>
E: DATA
P: 250 Ok
P: 552 5.5.3 Too many
P: 250 Ok
P: 552 5.5.3 Too many
P: 552 5.2.2 Full
P: 452 4.2.2 Full
P: 354 Go on
E: [rcpt 0 temp message rcpt 5.5.3 "552 5.5.3 Too many"]
E: [rcpt 3 perm message rcpt 5.2.2 "552 5.2.2 Full"]
E: [rcpt 4 temp message rcpt 4.2.2 "452 4.2.2 Full"]
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 Ok
E: [rcpt 1 ok end 2.0.0 "250 Ok" relayed]
E: [rcpt 2 not-tried]
E: [done]
