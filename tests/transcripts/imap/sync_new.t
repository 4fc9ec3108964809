# RFC 3501 7.3.1: new mail is told at the end of any command.
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
@message INBOX - one
C: b NOOP
S: * 1 EXISTS
S: * 1 RECENT
S: b OK Done
@message INBOX - two
C: c FETCH 1 FLAGS
S: * 1 FETCH (FLAGS (\\Recent))
S: * 2 EXISTS
S: * 2 RECENT
S: c OK Done
@message INBOX - three
C: d UID FETCH 3 FLAGS
S: * 3 EXISTS
S: * 3 RECENT
S: d OK Done
C: e UID FETCH 3 FLAGS
S: * 3 FETCH (UID 3 FLAGS (\\Recent))
S: e OK Done
@message INBOX - four
C: f STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 4)
S: * 4 EXISTS
S: * 4 RECENT
S: f OK Done
@message INBOX - five
C: g FROBNICATE
S: g BAD Unknown command
C: h NOOP
S: * 5 EXISTS
S: * 5 RECENT
S: h OK Done
