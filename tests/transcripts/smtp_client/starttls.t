# RFC 3207: what was learned before TLS is forgotten.
@policy opportunistic
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250-PIPELINING
P: 250-SIZE 1
P: 250-REQUIRETLS
P: 250 STARTTLS
E: STARTTLS
P: 220 Go on
E: [tls]
@wait
E: 1003
@tls
E: EHLO mx.example.org
P: 250-mx
P: 250 DSN
E: [up dsn]
E: MAIL FROM:<a@a.example>
