P: 354 Go on
E: [failed temp host greeting 4.5.0 ours "451 4.5.0 protocol error while waiting for the greeting: a reply that this command never has"]
E: [close]
