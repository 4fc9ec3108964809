# A reply that came before its command left belongs to nobody.
@stuck
P: 220 mx
P: 250 mx
E: [failed temp host hello 4.5.0 ours "451 4.5.0 protocol error while waiting for the reply to EHLO: a reply came before its command"]
E: [close]
