# The same while the final dot is still here.
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
@wait
E: 1008
P: 250 Queued
E: [rcpt 0 temp host message 4.5.0 ours "451 4.5.0 protocol error while sending the message: a reply came before its command"]
E: [done last]
E: [close]
