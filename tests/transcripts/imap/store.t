# RFC 3501 6.4.6.
@message INBOX - one
@message INBOX \Seen two
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b STORE 1 FLAGS (\\Seen \\Flagged)
S: * 1 FETCH (FLAGS (\\Seen \\Flagged \\Recent))
S: b OK Done
C: c STORE 1:2 -FLAGS \\Seen
S: * 1 FETCH (FLAGS (\\Flagged \\Recent))
S: * 2 FETCH (FLAGS (\\Recent))
S: c OK Done
C: d STORE 1:* +FLAGS \\Answered \\Draft
S: * 1 FETCH (FLAGS (\\Answered \\Flagged \\Draft \\Recent))
S: * 2 FETCH (FLAGS (\\Answered \\Draft \\Recent))
S: d OK Done
C: e STORE 1 FLAGS ()
S: * 1 FETCH (FLAGS (\\Recent))
S: e OK Done
C: f STORE 2 FLAGS.SILENT (\\Deleted)
S: f OK Done
C: g FETCH 1:2 FLAGS
S: * 1 FETCH (FLAGS (\\Recent))
S: * 2 FETCH (FLAGS (\\Deleted \\Recent))
S: g OK Done
C: h UID STORE 2 -FLAGS.SILENT (\\Deleted)
S: h OK Done
C: i UID STORE 1,2,77 +FLAGS (\\seen)
S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))
S: * 2 FETCH (UID 2 FLAGS (\\Seen \\Recent))
S: i OK Done
C: j STORE 3 +FLAGS (\\Seen)
S: j BAD No such message number
C: k STORE 1 +FLAGS (\\Foo)
S: k BAD Unknown system flag
C: l STORE 1 +FLAGS (\\Recent)
S: * 1 FETCH (FLAGS (\\Seen \\Recent))
S: l OK Done
C: m STORE 1 FLAG (\\Seen)
S: m BAD Unknown STORE item
C: n STORE 1
S: n BAD Missing argument
C: o STORE 0 FLAGS ()
S: o BAD Invalid message set
C: p STORE 1 FLAGS (\\Seen
S: p BAD Missing )
C: q STORE x FLAGS ()
S: q BAD Invalid message set
C: r UID STORE 99 FLAGS ()
S: r OK Done
