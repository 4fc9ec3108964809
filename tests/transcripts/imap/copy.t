# RFC 3501 6.4.7, RFC 4315 3.
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
C: b COPY 1 Archive
S: b NO [TRYCREATE] No such mailbox
C: c CREATE Archive
S: c OK Mailbox created
C: d COPY 2:3 Archive
S: d OK [COPYUID 1793613601 2:3 1:2] Copied
C: e UID COPY 1,3 Archive
S: e OK [COPYUID 1793613601 1,3 3:4] Copied
C: f STATUS Archive (MESSAGES UNSEEN)
S: * STATUS Archive (MESSAGES 4 UNSEEN 3)
S: f OK Done
C: g COPY 1 INBOX
S: * 4 EXISTS
S: * 4 RECENT
S: g OK [COPYUID 1793613600 1 4] Copied
C: h COPY 9 Archive
S: h BAD No such message number
C: i UID COPY 99 Archive
S: i OK No messages
C: j COPY 1
S: j BAD Missing argument
C: k COPY Archive 1
S: k BAD Invalid message set
C: l SELECT Archive
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 4 EXISTS
S: * 4 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613601] UIDs are valid
S: * OK [UIDNEXT 5] Predicted next UID
S: l OK [READ-WRITE] Mailbox opened
C: m FETCH 1:* (UID FLAGS)
S: * 1 FETCH (UID 1 FLAGS (\\Recent))
S: * 2 FETCH (UID 2 FLAGS (\\Recent))
S: * 3 FETCH (UID 3 FLAGS (\\Seen \\Recent))
S: * 4 FETCH (UID 4 FLAGS (\\Recent))
S: m OK Done
