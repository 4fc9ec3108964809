# What is no command is BAD, with the tag where there is one.
C: a FROBNICATE
S: a BAD Unknown command
C: b
S: b BAD Missing argument
C: 
S: * BAD Invalid tag
C: +c NOOP
S: * BAD Invalid tag
C:  NOOP
S: * BAD Invalid tag
C: d NOOP now
S: d BAD Unexpected arguments
C: e UID
S: e BAD Missing argument
C: f UID NOOP
S: f BAD Unknown command
C: g UID SELECT INBOX
S: g BAD Unknown command
C- h NO\x00OP\r\n
C- i NOOP\n
C- j NO\rOP\r\n
C: k LOGIN user secret
S: h BAD NUL in a command
S: i BAD LF without CR in a command
S: j BAD CR without LF in a command
S: k BAD Already logged in
C: l AUTHENTICATE PLAIN
S: l BAD Already logged in
C: m STARTTLS
S: m BAD Already logged in
C: (n) NOOP
S: * BAD Invalid tag
C: o{1} NOOP
S: o BAD Missing argument
C: p NOOP
S: p OK Done
