# A command line has a limit (8 KiB here), a literal too; what belongs to them
# is skipped.
C: a \(x*9000)
S: a BAD Command line too long
C: b SELECT {100000}
S: b BAD [TOOBIG] Literal too large
C: c NOOP
S: c OK Done
C- d SELECT {70000+}\r\n\(y*70000)\r\n
C: e NOOP
S: d BAD [TOOBIG] Literal too large
S: e OK Done
C- f SELECT {70000+}\r\n\(z*70000) {4+}\r\nabcd x\r\n
C: g NOOP
S: f BAD [TOOBIG] Literal too large
S: g OK Done
