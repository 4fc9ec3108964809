P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
@wait
E: 0
@closed-by end of file
E: [failed temp host idle 4.4.2 ours "421 4.4.2 the connection was lost between messages: end of file"]
E: [close]
