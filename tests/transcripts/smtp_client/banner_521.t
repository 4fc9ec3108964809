# RFC 7504
P: 521 This host never takes mail
E: QUIT
E: [failed perm host greeting 5.0.0 "521 This host never takes mail"]
@timeout
E: [close]
