# A browser that was tricked into talking to us: not one line is a command.
S: 220 mx.example.org ESMTP Mailcore
C: POST / HTTP/1.1
C: Host: mx.example.org:25
C: 
C: HELO x
S: 554 5.5.1 This is not a web server
@closed
