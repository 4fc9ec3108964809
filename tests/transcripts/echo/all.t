# Every kind of line of a transcript.
@loud
S: HELLO
C: one
C: two \x41\(\(bc*3)-*2)\\
S: one
S: two Abcbcbc-bcbcbc-\\
C- thr
C- ee\r\n
S~ t*e
@advance 5m
S- 300000
@open
C: bye
S~ *bye
@closed
