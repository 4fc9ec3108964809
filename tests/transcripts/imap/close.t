# RFC 3501 6.4.2: \Deleted goes without a word; RFC 3691: UNSELECT keeps it.
@message INBOX \Deleted one
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
C: b UNSELECT
S: b OK Mailbox closed
C: c STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 2)
S: c OK Done
C: d SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 0 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: d OK [READ-WRITE] Mailbox opened
C: e CLOSE
S: e OK Mailbox closed
C: f STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 1)
S: f OK Done
C: g EXAMINE INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS ()] Flags that are kept
S: * 1 EXISTS
S: * 0 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: g OK [READ-ONLY] Mailbox opened
C: h CLOSE
S: h OK Mailbox closed
C: i CLOSE
S: i BAD No mailbox is selected
