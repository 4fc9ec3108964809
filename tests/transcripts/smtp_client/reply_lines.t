P- \(220-x\r\n*100)220 x\r\n
E: [failed temp host greeting 4.5.0 ours "451 4.5.0 protocol error while waiting for the greeting: the reply has too many lines"]
E: [close]
