@lmtp
P: 220 mx
E: LHLO mx.example.org
P: 500 What?
E: QUIT
E: [failed perm host hello 5.0.0 "500 What?"]
