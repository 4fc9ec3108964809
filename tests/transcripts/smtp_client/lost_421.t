@mail a@a.example b@b.example c@b.example d@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 550 No
E: RCPT TO:<c@b.example>
E: [rcpt 0 perm message rcpt 5.0.0 "550 No"]
P: 421 4.7.0 Slow down
E: [rcpt 1 temp host rcpt 4.7.0 "421 4.7.0 Slow down"]
E: [rcpt 2 temp host rcpt 4.7.0 "421 4.7.0 Slow down"]
E: [done last]
E: [close]
