P: 220 old
E: EHLO mx.example.org
P: 502 What?
E: HELO mx.example.org
P: 550 5.7.1 Not you
E: QUIT
E: [failed perm host hello 5.7.1 "550 5.7.1 Not you"]
P: 221 Bye
E: [close]
