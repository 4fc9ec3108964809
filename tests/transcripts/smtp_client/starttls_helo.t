# HELO knows no STARTTLS.
@policy required
P: 220 mx
E: EHLO mx.example.org
P: 500 What?
E: HELO mx.example.org
P: 250 mx
E: QUIT
E: [failed temp host starttls 4.7.10 ours "451 4.7.10 the host does not offer TLS"]
