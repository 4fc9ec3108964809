# A session stays in the mailbox whose name changes.
C: a CREATE a
S: a OK Mailbox created
C: b SELECT a
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613601] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: b OK [READ-WRITE] Mailbox opened
C: c RENAME a b
S: c OK Mailbox renamed
@message b - one
C: d NOOP
S: * 1 EXISTS
S: * 1 RECENT
S: d OK Done
C: e FETCH 1 UID
S: * 1 FETCH (UID 1)
S: e OK Done
