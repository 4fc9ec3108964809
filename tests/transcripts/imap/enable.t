# RFC 5161: nothing to enable, no error.
C: a ENABLE X-NONE
S: * ENABLED
S: a OK Done
C: b ENABLE CONDSTORE X-TWO
S: * ENABLED
S: b OK Done
C: c ENABLE
S: c BAD Missing argument
C: d ENABLE (X)
S: d BAD Missing or malformed atom
