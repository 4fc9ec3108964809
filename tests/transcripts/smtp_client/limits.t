# RFC 9422: what is beyond the limits is not tried; the second message is the
# last of the session.
@mail a@a.example b@b.example c@b.example d@b.example
@mail a@a.example d@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250-PIPELINING
P: 250-LIMITS RCPTMAX=2 MAILMAX=2 X RCPTDOMAINMAX=none FOO=1
P: 250 DSN
E: [up pipelining dsn rcptmax=2 mailmax=2]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example>
E: DATA
P: 250 Ok
P: 250 Ok
P: 250 Ok
P: 354 Go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 Ok
E: [rcpt 0 ok end 2.0.0 "250 Ok"]
E: [rcpt 1 ok end 2.0.0 "250 Ok"]
E: [rcpt 2 not-tried]
E: [done]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<d@b.example>
E: DATA
P: 250 Ok
P: 250 Ok
P: 354 Go on
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 554 5.6.0 Spam
E: QUIT
E: [rcpt 0 perm message end 5.6.0 "554 5.6.0 Spam"]
E: [done last]
P: 221 Bye
E: [close]
