# RFC 1870 6.1: refused at MAIL, nothing has to be sent in vain.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net> SIZE=200001
S: 552 5.3.4 Message too large
C: MAIL FROM:<a@example.net> SIZE=200000
S: 250 2.1.0 Sender ok
