# Sets in an empty mailbox.
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b FETCH 1:* FLAGS
S: b OK Done
C: c UID FETCH 1:* FLAGS
S: c OK Done
C: d FETCH 1 FLAGS
S: d BAD No such message number
C: e SEARCH ALL
S: * SEARCH
S: e OK Done
C: f STORE 1:* +FLAGS (\\Seen)
S: f OK Done
C: g UID COPY 1:* INBOX
S: g OK No messages
C: h EXPUNGE
S: h OK Expunged
C: i UID SEARCH UID 1:*
S: * SEARCH
S: i OK Done
