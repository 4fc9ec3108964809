# 452 behind an accepted recipient: the rest goes with another transaction.
@mail a@a.example b@b.example c@b.example d@b.example
@mail a@a.example c@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 250 Ok
E: RCPT TO:<c@b.example>
P: 452 Too many recipients
E: DATA
P: 354 Go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 Ok
E: [rcpt 0 ok end 2.0.0 "250 Ok" relayed]
E: [rcpt 1 not-tried]
E: [rcpt 2 not-tried]
E: [done]
# As the first one it is what it says.
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<c@b.example>
P: 452 Too many recipients
E: RSET
E: [rcpt 0 temp message rcpt 4.0.0 "452 Too many recipients"]
P: 250 Ok
E: [done]
