# RFC 3501 6.3.5: the messages of a selected INBOX leave it.
@message INBOX - one
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b RENAME INBOX old
S: * 1 EXPUNGE
S: b OK Mailbox renamed
C: c NOOP
S: c OK Done
