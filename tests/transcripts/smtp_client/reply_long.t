@mail a@a.example b@b.example
P: 220 \(x*4089)
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: MAIL FROM:<a@a.example>
P: 550 \(x*4089)
E: [rcpt 0 perm message mail 5.0.0 "550 \(x*396)"]
E: [done]
@quit
E: QUIT
P- 221 \(x*4092)
E: [close]
