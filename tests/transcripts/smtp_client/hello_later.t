# 4yz is no reason to try HELO.
P: 220 busy
E: EHLO mx.example.org
P: 451 4.3.2 Later
E: QUIT
E: [failed temp host hello 4.3.2 "451 4.3.2 Later"]
# It just goes.
@closed-by end of file
E: [close]
