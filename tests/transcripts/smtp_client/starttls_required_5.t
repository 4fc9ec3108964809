@policy required
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 502 What is that?
E: QUIT
E: [failed perm host starttls 5.7.10 "502 What is that?"]
