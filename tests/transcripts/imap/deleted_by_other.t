# The selected mailbox goes away: the session cannot go on.
C: a CREATE shared
S: a OK Mailbox created
C: b SELECT shared
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613601] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: b OK [READ-WRITE] Mailbox opened
@other a DELETE shared
C: c NOOP
S: * BYE The selected mailbox was deleted
@closed
