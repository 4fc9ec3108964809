# RFC 5321 2.3.8: no bare CR (^) and no bare LF (_) leaves, and no dot behind
# one stands alone in a line.
@message a_.|^.|^._.^.^^|_.^
@pieces 1
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
P: 354 Go on
E: [body]
E: a
E: ..
E: 
E: ..
E: 
E: ..
E: ..
E: ..
E: 
E: 
E: 
E: ..
E: .
P: 250 Ok
E: [rcpt 0 ok end 2.0.0 "250 Ok" relayed]
E: [done]
