# LF for CRLF, no text, other codes than usual, a lot of lines.
@mail a@a.example b@b.example
P- 220 mx\n
E: EHLO mx.example.org
P- 250-mx\n250-PIPELINING\r\n250 \n
E: [up pipelining]
E: MAIL FROM:<a@a.example>
E: RCPT TO:<b@b.example>
E: DATA
P- 299\n
P: 550-5.1.1 a
P: 550-5.1.1\tb
P: 550-
P: 550-5.1.2 c
P: 550 d\re\x7f
P: 503 No
E: [rcpt 0 perm message rcpt 5.1.1 "550 5.1.1 a 5.1.1 b 5.1.2 c d?e?"]
E: RSET
