# 421 says that the session is over: nothing more is said.
P: 421 Too many connections
E: [failed temp host greeting 4.0.0 "421 Too many connections"]
E: [close]
@closed
