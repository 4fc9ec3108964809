P: SSH-2.0-OpenSSH_9.2
E: [failed temp host greeting 4.5.0 ours "451 4.5.0 protocol error while waiting for the greeting: not an SMTP reply"]
E: [close]
