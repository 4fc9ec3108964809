@auth user pencil
@nonce rOprNGfwEbeRWgbNEkqO
@auth-in-clear
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH SCRAM-SHA-256
E: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
P: 334 what?
E: [failed temp host auth 4.7.0 ours "454 4.7.0 the host's challenge cannot be answered"]
E: [close]
