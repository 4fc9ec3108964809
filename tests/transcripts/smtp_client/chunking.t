# RFC 3030: the octets as they are, dots and all.
@message .|a_b^.|
@mail a@a.example b@b.example c@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250-PIPELINING
P: 250 CHUNKING
E: [up pipelining chunking]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
P: 250 Ok
P: 550 No
P: 250 Ok
E: [rcpt 0 perm message rcpt 5.0.0 "550 No"]
E: [body]
E: BDAT 10 LAST
E- .\r\na\nb\r.\r\n
P: 250 2.0.0 10 octets
E: [rcpt 1 ok end 2.0.0 "250 2.0.0 10 octets" relayed]
E: [done]
