# What comes behind the reply to STARTTLS is dropped, however it is cut.
@policy required
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 220 Go on
P: 250-mx
P: 250 AUTH PLAIN
E: [tls]
@tls verified
E: EHLO mx.example.org
P: 250 mx
E: [up]
