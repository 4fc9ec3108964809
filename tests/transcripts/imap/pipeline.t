# Commands that arrive together are answered in order.
@message INBOX - one
C- a SELECT INBOX\r\nb FETCH 1 FLAGS\r\nc UID SEARCH ALL\r\nd NOOP\r\n
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
S: * 1 FETCH (FLAGS (\\Recent))
S: b OK Done
S: * SEARCH 1
S: c OK Done
S: d OK Done
