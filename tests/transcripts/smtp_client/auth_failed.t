# The password is the administrator's to mend: mail waits for it.
@auth user secret
@auth-in-clear
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH PLAIN
E: AUTH PLAIN AHVzZXIAc2VjcmV0
P: 535 5.7.8 No
E: QUIT
E: [failed temp host auth 5.7.8 "535 5.7.8 No"]
