# RFC 2342.
C: a NAMESPACE
S: * NAMESPACE (("" "/")) NIL NIL
S: a OK Done
C: b NAMESPACE x
S: b BAD Unexpected arguments
