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
P: 250 Ok
E: [rcpt 0 temp host data 4.5.0 ours "451 4.5.0 protocol error while waiting for the reply to DATA: a reply that DATA never has"]
E: [done last]
E: [close]
