@message 
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
E: BDAT 0 LAST
P: 554 5.6.0 Nothing in it
E: RSET
E: [rcpt 0 perm message end 5.6.0 "554 5.6.0 Nothing in it"]
P: 250 Ok
E: [done]
