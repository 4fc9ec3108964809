# RFC 3501 6.4.3, RFC 4315 2.1.
@message INBOX \Deleted one
@message INBOX - two
@message INBOX \Deleted three
@message INBOX \Deleted four
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 4 EXISTS
S: * 4 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 5] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b UID EXPUNGE 3,99
S: * 3 EXPUNGE
S: b OK Expunged
C: c EXPUNGE
S: * 3 EXPUNGE
S: * 1 EXPUNGE
S: c OK Expunged
C: d EXPUNGE
S: d OK Expunged
C: e UID EXPUNGE
S: e BAD Missing argument
C: f EXPUNGE 1
S: f BAD Unexpected arguments
C: g UID EXPUNGE 1:*
S: g OK Expunged
C: h FETCH 1 UID
S: * 1 FETCH (UID 2)
S: h OK Done
