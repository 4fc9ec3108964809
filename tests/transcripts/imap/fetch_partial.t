# RFC 3501 6.4.5: partial fetches.
@message INBOX \Seen one
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b FETCH 1 BODY[TEXT]<0.5>
S: * 1 FETCH (BODY[TEXT]<0> {5}
S: Hello)
S: b OK Done
C: c FETCH 1 BODY[TEXT]<6.100>
S: * 1 FETCH (BODY[TEXT]<6> {5}
S: one
S: )
S: c OK Done
C: d FETCH 1 BODY[TEXT]<11.5>
S: * 1 FETCH (BODY[TEXT]<11> {0}
S: )
S: d OK Done
C: e FETCH 1 BODY[TEXT]<1000.5>
S: * 1 FETCH (BODY[TEXT]<1000> {0}
S: )
S: e OK Done
C: f FETCH 1 BODY[]<0.10>
S: * 1 FETCH (BODY[]<0> {10}
S: From: Alic)
S: f OK Done
C: g FETCH 1 BODY[HEADER.FIELDS (SUBJECT)]<3.4>
S: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)]<3> {4}
S: ject)
S: g OK Done
C: h FETCH 1 BODY[TEXT]<0.0>
S: h BAD Number must not be zero
C: i FETCH 1 BODY[TEXT]<0>
S: i BAD Malformed arguments
C: j FETCH 1 BODY[TEXT]<.5>
S: j BAD Missing or malformed number
C: k FETCH 1 BODY[TEXT]<1.5
S: k BAD Malformed arguments
C: l FETCH 1 BODY[TEXT]<4294967295.4294967295>
S: * 1 FETCH (BODY[TEXT]<4294967295> {0}
S: )
S: l OK Done
