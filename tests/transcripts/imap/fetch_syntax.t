# Sections that are none.
@message INBOX - one
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b FETCH 1 BODY[FOO]
S: b BAD Unknown section
C: c FETCH 1 BODY[1.]
S: c BAD Malformed section
C: d FETCH 1 BODY[0]
S: d BAD Number must not be zero
C: e FETCH 1 BODY[MIME]
S: e BAD MIME needs a part number
C: f FETCH 1 BODY[HEADER.FIELDS]
S: f BAD Missing argument
C: g FETCH 1 BODY[HEADER.FIELDS ()]
S: g BAD Missing or malformed argument
C: h FETCH 1 BODY[HEADER.FIELDS (a]
S: h BAD Missing )
C: i FETCH 1 BODY[
S: i BAD Unknown section
C: j FETCH 1 BODY.PEEK
S: j BAD Unknown FETCH item
C: k FETCH 1 FLAGS[1]
S: k BAD Unknown FETCH item
C: l FETCH 1 BODY[1.1.1.1.1]
S: * 1 FETCH (FLAGS (\\Seen \\Recent) BODY[1.1.1.1.1] NIL)
S: l OK Done
C: m FETCH 1 BODY.PEEK[HEADER.FIELDS ("Sub\\"ject" {4}
S: + OK
C: Date)]
S: * 1 FETCH (BODY[HEADER.FIELDS ("Sub\\"ject" Date)] {40}
S: Date: Mon, 2 Nov 2026 10:00:00 +0100
S: 
S: )
S: m OK Done
C: n FETCH 1 BODY[TEXT]x
S: n BAD Unexpected arguments
C: o FETCH 1 BODY[\(1.*101)1]
S: o BAD Section too deep
