@policy required
@mail a@a.example b@b.example requiretls
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: STARTTLS
P: 220 Go on
E: [tls]
@tls
E: EHLO mx.example.org
P: 250-mx
P: 250 REQUIRETLS
E: [up requiretls]
E: [rcpt 0 perm host mail 5.7.30 ours "550 5.7.30 REQUIRETLS is asked for, the host does not have it"]
E: [done]
