# A server that says no before it has all of it means it; there is no way back.
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
@stuck
P: 354 Go on
E: [body]
P: 552 5.3.4 Too large
E: [rcpt 0 perm message message 5.3.4 "552 5.3.4 Too large"]
E: [done last]
E: [close]
