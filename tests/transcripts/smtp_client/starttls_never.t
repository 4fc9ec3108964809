P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 STARTTLS
E: [up]
