# RFC 2033 4.2 has no reply to a message for nobody.
@lmtp
@mail a@a.example b@b.example
P: 220 mx LMTP
E: LHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: DATA
P: 250 Ok
P: 550 No
P: 354 Go on
E: [rcpt 0 perm message rcpt 5.0.0 "550 No"]
E: [done last]
E: [close]
