@lmtp
@message x
@mail a@a.example b@b.example c@b.example
P: 220 mx
E: LHLO mx.example.org
P: 250-mx
P: 250-PIPELINING
P: 250 CHUNKING
E: [up pipelining chunking]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
P: 250 Ok
P: 250 Ok
P: 250 Ok
E: [body]
E: BDAT 1 LAST
E- x
P: 550 b
P: 250 c
E: [rcpt 0 perm message end 5.0.0 "550 b"]
E: [rcpt 1 ok end 2.0.0 "250 c" relayed]
E: [done]
