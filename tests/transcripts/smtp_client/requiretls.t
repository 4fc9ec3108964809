# RFC 8689: offered under TLS, by a peer that was verified.
@policy required
@mail a@a.example b@b.example requiretls
@mail a@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 220 Go on
E: [tls]
@tls verified
E: EHLO mx.example.org
P: 250-mx
P: 250 REQUIRETLS
E: [up requiretls]
E: MAIL FROM:<a@a.example> REQUIRETLS
P: 451 x
E: [rcpt 0 temp message mail 4.0.0 "451 x"]
E: [done]
E: MAIL FROM:<a@a.example>
