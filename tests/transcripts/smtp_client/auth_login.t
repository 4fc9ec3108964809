@auth user secret
@auth-in-clear
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH=LOGIN
E: AUTH LOGIN
P: 334 VXNlcm5hbWU6
E: dXNlcg==
P: 334 UGFzc3dvcmQ6
E: c2VjcmV0
P: 235 Welcome
E: [up]
