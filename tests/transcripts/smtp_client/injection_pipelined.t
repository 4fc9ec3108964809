# More replies than commands: the last one would have told of a message that
# was never sent.
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: DATA
@stuck
P: 250 Ok
P: 250 Ok
P: 354 Go on
P: 250 Queued
E: [body]
E: [rcpt 0 temp host message 4.5.0 ours "451 4.5.0 protocol error while sending the message: a reply came before its command"]
E: [done last]
E: [close]
