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
C: b SEARCH
S: b BAD Missing argument
C: c SEARCH FOO
S: c BAD Unknown search key
C: d SEARCH SUBJECT
S: d BAD Missing argument
C: e SEARCH (SEEN
S: e BAD Missing )
C: f SEARCH OR SEEN
S: f BAD Missing argument
C: g SEARCH NOT
S: g BAD Missing argument
C: h SEARCH SINCE yesterday
S: h BAD Invalid date
C: i SEARCH LARGER x
S: i BAD Missing or malformed number
C: j SEARCH 2
S: j BAD No such message number
C: k SEARCH ()
S: k BAD Unknown search key
C: l SEARCH CHARSET
S: l BAD Missing argument
C: m SEARCH CHARSET UTF-8
S: m BAD Missing argument
C: n SEARCH \x28\x28\x28ALL\x29\x29\x29
S: * SEARCH 1
S: n OK Done
C: o SEARCH \(NOT *60)ALL
S: o BAD Search too deep
C: p SEARCH SEEN )
S: p BAD Unknown search key
