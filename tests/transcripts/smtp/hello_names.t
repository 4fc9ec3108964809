# RFC 5321 4.1.4: a wrong name is no reason to refuse; one that is no name is.
S: 220 mx.example.org ESMTP Mailcore
C: EHLO
S: 501 5.5.4 Domain or address literal expected
C: HELO
S: 501 5.5.4 Domain or address literal expected
C: HELO a b
S: 501 5.5.4 Domain or address literal expected
C: HELO (x)
S: 501 5.5.4 Domain or address literal expected
C: HELO \(a*256)
S: 501 5.5.4 Domain or address literal expected
C: HELO my_pc
S: 250 mx.example.org
C: helo [192.0.2.7]
S: 250 mx.example.org
C: HELO [IPv6:2001:db8::1]   
S: 250 mx.example.org
