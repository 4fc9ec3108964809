# Each wait has its own time-out.
@policy required
@auth anna geheim
@mail a@a.example x@b.example
P: 220 mx.b.example
E: EHLO mx.example.org
@wait
E: 1002
P: 250-mx.b.example
P: 250 STARTTLS
E: STARTTLS
@wait
E: 1003
P: 220 go
E: [tls]
@wait
E: 1003
@tls
E: EHLO mx.example.org
@wait
E: 1002
P: 250-mx.b.example
P: 250 AUTH LOGIN
E: AUTH LOGIN
@wait
E: 1004
P: 334 VXNlcm5hbWU6
E: YW5uYQ==
@wait
E: 1004
P: 334 UGFzc3dvcmQ6
E: Z2VoZWlt
P: 235 fine
E: [up]
E: MAIL FROM:<a@a.example>
@wait
E: 1005
P: 250 fine
E: RCPT TO:<x@b.example>
@wait
E: 1006
P: 250 fine
E: DATA
@wait
E: 1007
P: 354 go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
@wait
E: 1009
P: 451 later
E: [rcpt 0 temp message end 4.0.0 "451 later"]
E: [done]
@wait
E: 0
@quit
E: QUIT
@wait
E: 1011
P: 221 bye
E: [close]
