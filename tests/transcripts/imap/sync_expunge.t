# RFC 3501 7.4.1: no EXPUNGE while FETCH, STORE or SEARCH run; RFC 2180 4.1.
@message INBOX - one
@message INBOX - two
@message INBOX - three
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 3 EXISTS
S: * 3 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
@other a SELECT INBOX
@other b STORE 1 +FLAGS (\Deleted)
@other c EXPUNGE
C: b FETCH 1:3 FLAGS
S: * 2 FETCH (FLAGS (\\Recent))
S: * 3 FETCH (FLAGS (\\Recent))
S: b OK [EXPUNGEISSUED] Done, some messages are gone
C: c STORE 1:2 +FLAGS (\\Seen)
S: * 2 FETCH (FLAGS (\\Seen \\Recent))
S: c OK [EXPUNGEISSUED] Done, some messages are gone
C: d SEARCH ALL
S: * SEARCH 2 3
S: d OK [EXPUNGEISSUED] Done, some messages are gone
C: e COPY 1:2 INBOX
S: * 1 EXPUNGE
S: * 3 EXISTS
S: * 3 RECENT
S: e OK [COPYUID 1793613600 2 4] Done, some messages are gone
C: f FETCH 1:* UID
S: * 1 FETCH (UID 2)
S: * 2 FETCH (UID 3)
S: * 3 FETCH (UID 4)
S: f OK Done
@other d STORE 1 +FLAGS (\Deleted)
@other e EXPUNGE
C: g UID FETCH 1:* FLAGS
S: * 2 FETCH (UID 3 FLAGS (\\Recent))
S: * 3 FETCH (UID 4 FLAGS (\\Seen \\Recent))
S: * 1 EXPUNGE
S: g OK [EXPUNGEISSUED] Done, some messages are gone
C: h FETCH 1:* UID
S: * 1 FETCH (UID 3)
S: * 2 FETCH (UID 4)
S: h OK Done
