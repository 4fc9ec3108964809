@policy implicit
@auth user s e c r e t
E: [tls]
@tls
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH SCRAM-SHA-1 LOGIN plain
E: AUTH PLAIN AHVzZXIAcyBlIGMgciBlIHQ=
P: 235 2.7.0 Welcome
E: [up]
