@mail jürgen@a.example b@b.example
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 SMTPUTF8
E: [up smtputf8]
E: MAIL FROM:<j\xc3\xbcrgen@a.example> SMTPUTF8
P: 553 5.6.7 N\xc3\xb6 \xff \x00\x07\xc2\x85 \xe2\x82\xac
E: [rcpt 0 perm message mail 5.6.7 "553 5.6.7 N\xc3\xb6 ? ???? \xe2\x82\xac"]
E: [done]
