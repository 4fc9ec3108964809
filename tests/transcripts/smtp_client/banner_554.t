P: 554-5.7.1 You are listed
P: 554 5.7.1 at bl.example
E: QUIT
E: [failed perm host greeting 5.7.1 "554 5.7.1 You are listed at bl.example"]
P: 221 Bye
E: [close]
