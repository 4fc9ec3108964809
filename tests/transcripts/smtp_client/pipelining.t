@mail a@a.example b@b.example c@b.example;notify=6,orcpt=rfc822;c+2Bx@b.example ret=hdrs envid=Q1
P: 220-mx.b.example ESMTP
P: 220 and more
E: EHLO mx.example.org
P: 250-mx.b.example
P: 250-pipelining
P: 250-SIZE 10000
P: 250-8BITMIME
P: 250-ENHANCEDSTATUSCODES
P: 250-DSN
P: 250 HELP
E: [up pipelining size 8bitmime dsn enhanced max=10000]
E: MAIL FROM:<a@a.example> SIZE=18 RET=HDRS ENVID=Q1
E: RCPT TO:<b@b.example>
E: RCPT TO:<c@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c+2Bx@b.example
E: DATA
P: 250 2.1.0 Ok
P: 250 2.1.5 Ok
P: 550 5.1.1 No such user
P: 354 Go on
E: [rcpt 1 perm message rcpt 5.1.1 "550 5.1.1 No such user"]
E: [body]
E: Subject: x
E: 
E: hi
E: .
P: 250 2.0.0 Queued
E: [rcpt 0 ok end 2.0.0 "250 2.0.0 Queued"]
E: [done]
