P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
P: 250 Ok
E: [failed temp host idle 4.5.0 ours "451 4.5.0 protocol error between messages: a reply came before its command"]
E: [close]
