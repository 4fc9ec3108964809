# RFC 9208 4.3.1, RFC 5530 3: messages and mailboxes. INBOX is one of these.
@quota-messages 2
@quota-mailboxes 2
C: a CREATE work
S: a OK Mailbox created
C: b CREATE more
S: b NO [OVERQUOTA] Quota exceeded
C: c RENAME work a/work
S: c NO [OVERQUOTA] Quota exceeded
C: d APPEND INBOX {5}
S: + OK
C: abcde
S: d OK [APPENDUID 1793613600 1] Message appended
C: e APPEND INBOX {5}
S: + OK
@message INBOX - other
C: abcde
S: e NO [OVERQUOTA] Quota exceeded
C: f APPEND INBOX {5}
S: f NO [OVERQUOTA] Quota exceeded
C: g APPEND work {5+}
S: g NO [OVERQUOTA] Quota exceeded
C: abcde
C: h SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: h OK [READ-WRITE] Mailbox opened
# A message counts once, however often it is shown.
C: i COPY 1:2 work
S: i OK [COPYUID 1793613601 1:2 1:2] Copied
C: j STORE 1:2 +FLAGS.SILENT (\\Deleted)
S: j OK Done
C: k EXPUNGE
S: * 2 EXPUNGE
S: * 1 EXPUNGE
S: k OK Expunged
C: l APPEND INBOX {5}
S: l NO [OVERQUOTA] Quota exceeded
C: m DELETE work
S: m OK Mailbox deleted
C: n APPEND INBOX {5}
S: + OK
C: abcde
S: * 1 EXISTS
S: * 1 RECENT
S: n OK [APPENDUID 1793613600 3] Message appended
