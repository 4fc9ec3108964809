# RFC 2920 3.1: all recipients are refused, DATA is not.
@mail a@a.example b@b.example
@mail a@a.example c@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 PIPELINING
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: DATA
P: 250 Ok
P: 450 4.2.1 Greylisted
P: 354 Go on
E: [rcpt 0 temp message rcpt 4.2.1 "450 4.2.1 Greylisted"]
E: .
P: 554 No valid recipients
E: [done]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<c@b.example>
E: DATA
P: 250 Ok
P: 550 No
P: 503 No valid recipients
E: [rcpt 0 perm message rcpt 5.0.0 "550 No"]
E: RSET
P: 250 Ok
E: [done]
