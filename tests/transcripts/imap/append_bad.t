# What APPEND refuses: before the literal comes, when it can.
@append-max 100
@quota 200
C: a APPEND INBOX {101}
S: a NO [TOOBIG] Message too large
C: b APPEND INBOX {0}
S: b NO [CANNOT] Empty message
C: c APPEND INBOX
S: c BAD Missing argument
C: d APPEND INBOX x {5}
S: + OK
C: abcde
S: d BAD Missing message literal
C: e APPEND INBOX (\\Foo) {5+}
C: abcde
S: e BAD Unknown system flag
C: f APPEND INBOX "now" {5+}
C: abcde
S: f BAD Invalid date-time
C: g APPEND INBOX {5+}
C: abcde x
S: g BAD Unexpected arguments
C: h APPEND INBOX {5+}
C- abcde {5+}\r\nabcde\r\n
C: i APPEND INBOX {80+}
S: h BAD One message at a time
C: \(x*80)
S: i OK [APPENDUID 1793613600 1] Message appended
C: j APPEND INBOX {80+}
C: \(x*80)
S: j OK [APPENDUID 1793613600 2] Message appended
C: k APPEND INBOX {80}
S: k NO [OVERQUOTA] Quota exceeded
C: l STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 2)
S: l OK Done
C: m APPEND INBOX {101+}
S: m NO [TOOBIG] Message too large
C: \(x*101)
C: n NOOP
S: n OK Done
