# RFC 3501 9: tags.
C: A.1-] NOOP
S: A.1-] OK Done
C: 1 noop
S: 1 OK Done
C: a+b NOOP
S: * BAD Invalid tag
C: a*b NOOP
S: a BAD Missing argument
C: a"b NOOP
S: a BAD Missing argument
C: \(t*64) NOOP
S: tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt OK Done
C: \(t*65) NOOP
S: * BAD Invalid tag
