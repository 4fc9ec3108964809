# RFC 1870: too large, it is not even tried.
@octets 2000
@mail a@a.example b@b.example c@b.example
@message x
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 SIZE 1999
E: [up size max=1999]
E: [rcpt 0 perm message mail 5.3.4 ours "552 5.3.4 the message is larger than the host takes"]
E: [rcpt 1 perm message mail 5.3.4 ours "552 5.3.4 the message is larger than the host takes"]
E: [done]
E: MAIL FROM:<a@a.example> SIZE=1
P: 552 5.3.4 Not that one
E: [rcpt 0 perm message mail 5.3.4 "552 5.3.4 Not that one"]
E: [done]
