# RFC 8689 5: a notification is no reason to lose it; REQUIRETLS is said where
# the host has it and was verified.
@policy required
@mail <> b@b.example requiretls
@mail <> b@b.example requiretls
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
E: MAIL FROM:<> REQUIRETLS
P: 451 x
E: [rcpt 0 temp message mail 4.0.0 "451 x"]
E: [done]
E: MAIL FROM:<> REQUIRETLS
