# Keywords are made by using them; FLAGS tells of new ones first.
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
C: b STORE 1 +FLAGS ($Junk Work)
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk Work)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk Work \\*)] Flags that are kept
S: * 1 FETCH (FLAGS (\\Recent $Junk Work))
S: b OK Done
C: c STORE 1 +FLAGS.SILENT ($MDNSent)
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk Work $MDNSent)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk Work $MDNSent \\*)] Flags that are kept
S: c OK Done
C: d FETCH 1 FLAGS
S: * 1 FETCH (FLAGS (\\Recent $Junk Work $MDNSent))
S: d OK Done
C: e STORE 1 -FLAGS (work)
S: * 1 FETCH (FLAGS (\\Recent $Junk $MDNSent))
S: e OK Done
C: f SEARCH KEYWORD $junk
S: * SEARCH 1
S: f OK Done
C: g SEARCH UNKEYWORD Work
S: * SEARCH 1
S: g OK Done
C: h SEARCH KEYWORD never
S: * SEARCH
S: h OK Done
C: i STORE 1 +FLAGS (a(b)
S: i BAD Missing )
C: j STORE 1 +FLAGS (\(k*101))
S: j BAD Keyword too long
C: k CLOSE
S: k OK Mailbox closed
C: l SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk Work $MDNSent)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk Work $MDNSent \\*)] Flags that are kept
S: * 1 EXISTS
S: * 0 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: l OK [READ-WRITE] Mailbox opened
