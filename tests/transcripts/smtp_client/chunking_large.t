# In chunks of 1 MiB; without PIPELINING one at a time.
@octets 1049000
@mail a@a.example b@b.example
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 CHUNKING
E: [up chunking]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 250 Ok
E: [body]
E: BDAT 1048576
E- \(0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n*15887)0123456789abcdef0123456789abcdef01
P: 250 Ok
E: BDAT 424 LAST
E- 23456789abcdef0123456789abcdef\r\n\(0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n*5)xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n
P: 250 Ok
E: [rcpt 0 ok end 2.0.0 "250 Ok" relayed]
E: [done]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 250 Ok
E: [body]
E: BDAT 1048576
E- \(0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n*15887)0123456789abcdef0123456789abcdef01
P: 452 4.3.1 Full
E: RSET
E: [rcpt 0 temp message message 4.3.1 "452 4.3.1 Full"]
P: 250 Ok
E: [done]
