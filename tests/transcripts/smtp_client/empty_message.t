@message 
@mail <> b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250-SIZE
P: 250 PIPELINING
E: [up pipelining size]
E: MAIL FROM:<> SIZE=0
E: RCPT TO:<b@b.example>
E: DATA
P: 250 Ok
P: 250 Ok
P: 354 Go on
E: [body]
E: .
P: 250 Ok
E: [rcpt 0 ok end 2.0.0 "250 Ok" relayed]
E: [done]
