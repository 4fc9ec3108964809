# A \Deleted message that this session has not been told of is not expunged.
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
@message INBOX \Deleted one
C: b EXPUNGE
S: * 1 EXISTS
S: * 1 RECENT
S: b OK Expunged
C: c EXPUNGE
S: * 1 EXPUNGE
S: c OK Expunged
