# RFC 7677: two rounds, the last response is empty.
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
C: auth scram-sha-256-plus cD10bHMtZXhwb3J0ZXIsLG49dXNlcixyPWFiYw==
S: 334 cj1hYmNkZWYscz1jMkZzZEE9PSxpPTQwOTY=
C: Yz1iaXdzLHI9YWJjZGVm
S: 334 dj1jMlZ5ZG1WeQ==
C: 
S: 235 2.7.0 Authentication succeeded
