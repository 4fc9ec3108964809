# A level without a mailbox: nothing can be put there.
C: a CREATE a/b
S: a OK Mailbox created
C: b DELETE a
S: b OK Mailbox deleted
C: c APPEND a {3}
S: c NO [TRYCREATE] No such mailbox
C: d STATUS a (MESSAGES)
S: d NO [NONEXISTENT] No such mailbox
C: e CREATE a
S: e OK Mailbox created
C: f SELECT a
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613603] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: f OK [READ-WRITE] Mailbox opened
