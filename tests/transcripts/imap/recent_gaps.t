# RFC 3501 7.3.2: messages that went before anybody looked are not recent, and
# there are never more recent messages than messages.
@message INBOX - one
@message INBOX - two
C: a RENAME INBOX old
C: b APPEND INBOX {4+}
C: x
C- y
C: 
C: c EXAMINE INBOX
S: a OK Mailbox renamed
S~ b OK [APPENDUID * 3] Message appended
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS ()] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: c OK [READ-ONLY] Mailbox opened
C: d SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: d OK [READ-WRITE] Mailbox opened
