@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: MAIL FROM:<a@a.example>
P: 550 No
E: [rcpt 0 perm message mail 5.0.0 "550 No"]
E: [done]
P: 421 4.4.2 You are idle
E: [failed temp host idle 4.4.2 "421 4.4.2 You are idle"]
E: [close]
# What may be said later goes nowhere.
@mail a@a.example b@b.example
P: 250 Ok
