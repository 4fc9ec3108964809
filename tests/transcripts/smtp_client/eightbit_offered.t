@refuse-8bit
@mail a@a.example b@b.example 8bit
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 8BITMIME
E: [up 8bitmime]
E: MAIL FROM:<a@a.example> BODY=8BITMIME
