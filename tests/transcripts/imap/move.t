# RFC 6851.
@message INBOX \Seen one
@message INBOX - two
@message INBOX - three
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 3 EXISTS
S: * 3 RECENT
S: * OK [UNSEEN 2] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b MOVE 1 Archive
S: b NO [TRYCREATE] No such mailbox
C: c CREATE Archive
S: c OK Mailbox created
C: d MOVE 1:2 Archive
S: * OK [COPYUID 1793613601 1:2 1:2] Moved
S: * 2 EXPUNGE
S: * 1 EXPUNGE
S: d OK Moved
C: e UID MOVE 3 Archive
S: * OK [COPYUID 1793613601 3 3] Moved
S: * 1 EXPUNGE
S: e OK Moved
C: f UID MOVE 99 Archive
S: f OK No messages
C: g STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 0)
S: g OK Done
C: h STATUS Archive (MESSAGES UIDNEXT)
S: * STATUS Archive (MESSAGES 3 UIDNEXT 4)
S: h OK Done
C: i MOVE 1
S: i BAD Missing argument
