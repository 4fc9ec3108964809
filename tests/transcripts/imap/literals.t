# RFC 3501 4.3, RFC 7888: strings in three forms.
@message INBOX - one
C: a SELECT "INBOX"
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b STATUS {5}
S: + OK
C: INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 1)
S: b OK Done
C- c STATUS {5+}\r\nINBOX (MESSAGES)\r\n
C: d STATUS "IN\\"BOX" (MESSAGES)
S: * STATUS INBOX (MESSAGES 1)
S: c OK Done
S: d NO [NONEXISTENT] No such mailbox
C: e STATUS "IN\\BOX" (MESSAGES)
S: e BAD Malformed quoted string
C: f STATUS "INBOX (MESSAGES)
S: f BAD Missing quote
C: g SEARCH SUBJECT {3}
S: + OK
C: one
S: * SEARCH 1
S: g OK Done
C: h SEARCH SUBJECT "one" FROM {5}
S: + OK
C: alice
S: * SEARCH 1
S: h OK Done
C: i STATUS {5} (MESSAGES)
S: i BAD Malformed literal
C: j SEARCH SUBJECT {x}
S: j BAD Malformed literal
C- k SEARCH SUBJECT {4+}\r\na\x00bc\r\n
S: k BAD NUL in a literal
