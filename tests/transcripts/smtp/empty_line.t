# An empty line is no command.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: 
S: 500 5.5.1 Unknown command
C:  NOOP
S: 500 5.5.1 Unknown command
