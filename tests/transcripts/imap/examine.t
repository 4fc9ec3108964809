# RFC 3501 6.3.2: nothing changes after EXAMINE, \Recent stays for others.
@message INBOX - one
C: a EXAMINE INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS ()] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-ONLY] Mailbox opened
C: b STORE 1 +FLAGS (\\Seen)
S: b NO [READ-ONLY] Mailbox is read-only
C: c FETCH 1 BODY[HEADER.FIELDS (SUBJECT)]
S: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {16}
S: Subject: one
S: 
S: )
S: c OK Done
C: d FETCH 1 FLAGS
S: * 1 FETCH (FLAGS (\\Recent))
S: d OK Done
C: e EXPUNGE
S: e NO [READ-ONLY] Mailbox is read-only
C: f COPY 1 INBOX
S: * 2 EXISTS
S: * 2 RECENT
S: f OK [COPYUID 1793613600 1 2] Copied
C: g MOVE 1 INBOX
S: g NO [READ-ONLY] Mailbox is read-only
C: h CLOSE
S: h OK Mailbox closed
C: i SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: i OK [READ-WRITE] Mailbox opened
