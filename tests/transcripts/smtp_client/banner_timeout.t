P- 
@wait
E: 1001
@timeout
E: [failed temp host greeting 4.4.2 ours "421 4.4.2 timed out while waiting for the greeting"]
E: [close]
