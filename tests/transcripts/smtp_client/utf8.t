@mail a@a.example jürgen@b.example
@mail a@a.example b@b.example utf8
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: [rcpt 0 perm message mail 5.6.7 ours "553 5.6.7 the host does not take internationalized mail"]
E: [done]
E: [rcpt 0 perm message mail 5.6.7 ours "553 5.6.7 the host does not take internationalized mail"]
E: [done]
E: MAIL FROM:<a@a.example>
