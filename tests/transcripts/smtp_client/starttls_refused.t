@policy opportunistic
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 454 4.7.0 No TLS today
E: [up]
E: MAIL FROM:<a@a.example>
