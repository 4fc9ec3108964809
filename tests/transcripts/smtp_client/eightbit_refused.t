@refuse-8bit
@mail a@a.example b@b.example 8bit
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: [rcpt 0 perm message mail 5.6.3 ours "554 5.6.3 the host does not take 8-bit messages"]
E: [done]
