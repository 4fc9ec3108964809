# Wrong passwords are told late, and only some times.
@service submission
S: 220 mx.example.org ESMTP Mailcore
@tls plus
C: EHLO c.example.net
S: 250-mx.example.org
S: 250-PIPELINING
S: 250-SIZE 200000
S: 250-8BITMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-SMTPUTF8
S: 250-REQUIRETLS
S: 250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
C: AUTH PLAIN AHVzZXIAd3Jvbmc=
S: 535 5.7.8 Authentication failed
@show delay
S: 2000
C: MAIL FROM:<user@example.org>
S: 530 5.7.0 Authentication required
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: dXNlcg==
S: 334 UGFzc3dvcmQ6
C: d3Jvbmc=
S: 535 5.7.8 Authentication failed
C: AUTH PLAIN AHVzZXIAd3Jvbmc=
S: 535 5.7.8 Authentication failed
S: 421 4.7.0 Too many failed logins
@closed
