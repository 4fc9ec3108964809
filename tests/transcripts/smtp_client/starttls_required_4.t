@policy required
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 454 4.7.0 No TLS today
E: QUIT
E: [failed temp host starttls 4.7.0 "454 4.7.0 No TLS today"]
P: 221 Bye
E: [close]
