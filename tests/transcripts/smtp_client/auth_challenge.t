@auth user secret
@auth-in-clear
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH PLAIN
E: AUTH PLAIN AHVzZXIAc2VjcmV0
P: 334 again
E: [failed temp host auth 4.5.0 ours "451 4.5.0 protocol error while logging in: a challenge that AUTH does not have"]
E: [close]
