P: 220-x
P: 221 x
E: [failed temp host greeting 4.5.0 ours "451 4.5.0 protocol error while waiting for the greeting: the reply's code changes between its lines"]
E: [close]
