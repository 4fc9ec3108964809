# RFC 3501 6.4.1: as NOOP.
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
@message INBOX - one
C: b CHECK
S: * 1 EXISTS
S: * 1 RECENT
S: b OK Done
C: c CHECK 1
S: c BAD Unexpected arguments
