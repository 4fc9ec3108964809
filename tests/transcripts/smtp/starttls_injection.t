# RFC 3207 6: what is pipelined behind STARTTLS was not protected.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: STARTTLS
C: EHLO injected.example.net
C: MAIL FROM:<evil@example.net>
S: 220 2.0.0 Ready to start TLS
@tls
C: RCPT TO:<user@example.org>
S: 503 5.5.1 Need MAIL first
C: HELO c.example.net
S: 250 mx.example.org
