# RFC 8689 5: a notification goes where REQUIRETLS cannot be had, too.
@policy opportunistic
@mail <> b@b.example requiretls
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250-STARTTLS
P: 250 REQUIRETLS
E: STARTTLS
P: 220 Go on
E: [tls]
@tls
E: EHLO mx.example.org
P: 250-mx
P: 250 REQUIRETLS
E: [up requiretls]
E: MAIL FROM:<>
