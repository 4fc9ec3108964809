# Flags that others change are told once, own ones are not told again.
@message INBOX - one
@message INBOX - two
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
@other a SELECT INBOX
@other b STORE 1:2 +FLAGS (\Seen)
C: b NOOP
S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))
S: * 2 FETCH (UID 2 FLAGS (\\Seen \\Recent))
S: b OK Done
C: c NOOP
S: c OK Done
C: d STORE 1 +FLAGS.SILENT (\\Flagged)
S: d OK Done
C: e NOOP
S: e OK Done
@other c STORE 2 +FLAGS ($Work)
C: f FETCH 1 UID
S: * 1 FETCH (UID 1)
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work \\*)] Flags that are kept
S: * 2 FETCH (UID 2 FLAGS (\\Seen \\Recent $Work))
S: f OK Done
C: g FETCH 1 BODY.PEEK[TEXT]
S: * 1 FETCH (BODY[TEXT] {11}
S: Hello one
S: )
S: g OK Done
@other d STORE 1 -FLAGS (\Seen)
@other e STORE 1 +FLAGS (\Answered)
C: h STORE 2 +FLAGS (\\Deleted)
S: * 2 FETCH (FLAGS (\\Seen \\Deleted \\Recent $Work))
S: * 1 FETCH (UID 1 FLAGS (\\Answered \\Flagged \\Recent))
S: h OK Done
C: i NOOP
S: i OK Done
