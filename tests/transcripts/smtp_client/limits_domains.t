@mail a@a.example b@b.example c@c.example d@B.example e@d.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 LIMITS RCPTDOMAINMAX=1
E: [up rcptdomainmax=1]
E: MAIL FROM:<a@a.example>
P: 250 Ok
E: RCPT TO:<b@b.example>
P: 250 Ok
E: RCPT TO:<d@B.example>
P: 251 Will forward
E: DATA
P: 354 Go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 Ok
E: [rcpt 0 ok end 2.0.0 "250 Ok" relayed]
E: [rcpt 1 not-tried]
E: [rcpt 2 ok end 2.0.0 "250 Ok" relayed]
E: [rcpt 3 not-tried]
E: [done]
