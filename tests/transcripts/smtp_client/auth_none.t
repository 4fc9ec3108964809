@auth user secret
@auth-in-clear
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH GSSAPI
E: QUIT
E: [failed temp host auth 4.7.0 ours "454 4.7.0 the host offers none of SCRAM-SHA-256, PLAIN and LOGIN"]
