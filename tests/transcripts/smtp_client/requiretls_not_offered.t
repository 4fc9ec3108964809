@policy implicit
@mail a@a.example b@b.example requiretls
E: [tls]
@tls verified
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: [rcpt 0 perm host mail 5.7.30 ours "550 5.7.30 REQUIRETLS is asked for, the host does not have it"]
E: [done]
