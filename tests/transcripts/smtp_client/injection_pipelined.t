# More replies than commands.
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
@unstuck
