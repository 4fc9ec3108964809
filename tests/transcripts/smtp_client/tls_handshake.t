@policy opportunistic
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 220 Go on
E: [tls]
@closed-by wrong version number
E: [failed temp host tls 4.4.2 ours "421 4.4.2 the connection was lost in the TLS handshake: wrong version number"]
E: [close]
