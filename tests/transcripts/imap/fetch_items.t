# RFC 3501 6.4.5: items and macros.
@message INBOX \Seen one
@message INBOX - two
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 2] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b FETCH 1 UID
S: * 1 FETCH (UID 1)
S: b OK Done
C: c FETCH 1:2 (UID FLAGS RFC822.SIZE INTERNALDATE)
S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) RFC822.SIZE 148 INTERNALDATE " 3-Nov-2026 11:00:00 +0100")
S: * 2 FETCH (UID 2 FLAGS (\\Recent) RFC822.SIZE 148 INTERNALDATE " 4-Nov-2026 11:00:00 +0100")
S: c OK Done
C: d FETCH 2 FAST
S: * 2 FETCH (FLAGS (\\Recent) RFC822.SIZE 148 INTERNALDATE " 4-Nov-2026 11:00:00 +0100")
S: d OK Done
C: e FETCH 2 ALL
S: * 2 FETCH (FLAGS (\\Recent) RFC822.SIZE 148 INTERNALDATE " 4-Nov-2026 11:00:00 +0100" ENVELOPE ("Mon, 3 Nov 2026 10:00:00 +0100" "two" (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<2@example.org>"))
S: e OK Done
C: f FETCH 2 FULL
S: * 2 FETCH (FLAGS (\\Recent) RFC822.SIZE 148 INTERNALDATE " 4-Nov-2026 11:00:00 +0100" ENVELOPE ("Mon, 3 Nov 2026 10:00:00 +0100" "two" (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<2@example.org>") BODY ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 11 1))
S: f OK Done
C: g FETCH 1 (ENVELOPE)
S: * 1 FETCH (ENVELOPE ("Mon, 2 Nov 2026 10:00:00 +0100" "one" (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<1@example.org>"))
S: g OK Done
C: h FETCH 1 BODY
S: * 1 FETCH (BODY ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 11 1))
S: h OK Done
C: i FETCH 1 BODYSTRUCTURE
S: * 1 FETCH (BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 11 1 NIL NIL NIL NIL))
S: i OK Done
C: j UID FETCH 2 FLAGS
S: * 2 FETCH (UID 2 FLAGS (\\Recent))
S: j OK Done
C: k UID FETCH 1:* FLAGS
S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))
S: * 2 FETCH (UID 2 FLAGS (\\Recent))
S: k OK Done
C: l FETCH * UID
S: * 2 FETCH (UID 2)
S: l OK Done
C: m FETCH 2:1 UID
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 2)
S: m OK Done
C: n UID FETCH 100:* UID
S: * 2 FETCH (UID 2)
S: n OK Done
C: n UID FETCH 4294967295,100:4294967295 UID
S: n OK Done
C: n UID FETCH *:100,* UID
S: * 2 FETCH (UID 2)
S: n OK Done
C: n FETCH 3:* UID
S: * 2 FETCH (UID 2)
S: n OK Done
C: n FETCH 1:4294967295 UID
S: n BAD No such message number
C: o UID FETCH 50:60 UID
S: o OK Done
C: p FETCH 3 UID
S: p BAD No such message number
C: q FETCH 1,3 UID
S: q BAD No such message number
C: r FETCH 1 FOO
S: r BAD Unknown FETCH item
C: s FETCH 1 (FLAGS FAST)
S: s BAD Unknown FETCH item
C: t FETCH 1 (FLAGS
S: t BAD Missing )
C: u FETCH 1
S: u BAD Missing argument
C: v FETCH 1 ()
S: v BAD Unknown FETCH item
C: w FETCH 0 FLAGS
S: w BAD Invalid message set
C: x FETCH 1,,2 FLAGS
S: x BAD Invalid message set
C: y FETCH 5000000000 FLAGS
S: y BAD Invalid message set
C: z fetch 1:2 (flags uid)
S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))
S: * 2 FETCH (UID 2 FLAGS (\\Recent))
S: z OK Done
