# RFC 3501 6.3.10.
@message INBOX \Seen one
@message INBOX - two
C: a STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)
S: * STATUS INBOX (MESSAGES 2 RECENT 2 UIDNEXT 3 UIDVALIDITY 1793613600 UNSEEN 1)
S: a OK Done
C: b STATUS inbox (UNSEEN)
S: * STATUS INBOX (UNSEEN 1)
S: b OK Done
C: c STATUS nope (UNSEEN)
S: c NO [NONEXISTENT] No such mailbox
C: d STATUS INBOX ()
S: d BAD Unknown status item
C: e STATUS INBOX (FOO)
S: e BAD Unknown status item
C: f STATUS INBOX
S: f BAD Missing argument
C: g SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 2] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: g OK [READ-WRITE] Mailbox opened
C: h STATUS INBOX (RECENT MESSAGES)
S: * STATUS INBOX (MESSAGES 2 RECENT 0)
S: h OK Done
@message INBOX - three
C: i STATUS INBOX (RECENT)
S: * STATUS INBOX (RECENT 1)
S: * 3 EXISTS
S: * 3 RECENT
S: i OK Done
