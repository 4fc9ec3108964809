@policy implicit
@mail a@a.example b@b.example
E: [tls]
@tls
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: [up]
E: MAIL FROM:<a@a.example>
