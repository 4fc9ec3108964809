# Expunged and new at once: numbers fall first, then EXISTS tells all.
@message INBOX - one
@message INBOX \Deleted two
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
@other b EXPUNGE
@message INBOX - three
C: b NOOP
S: * 2 EXPUNGE
S: * 2 EXISTS
S: * 2 RECENT
S: b OK Done
C: c FETCH 1:* UID
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 3)
S: c OK Done
