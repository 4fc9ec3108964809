@policy opportunistic
@auth user secret
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH PLAIN
E: QUIT
E: [failed temp host auth 4.7.11 ours "454 4.7.11 the password is not sent without TLS"]
