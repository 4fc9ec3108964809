# RFC 3501 5.1.3: names in modified UTF-7.
C: a CREATE "&AOQ-/&ZeVnLIqe-"
S: a OK Mailbox created
C: b LIST "" *
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasChildren) "/" &AOQ-
S: * LIST (\\HasNoChildren) "/" &AOQ-/&ZeVnLIqe-
S: b OK Done
C: c LIST "" &AOQ-/%
S: * LIST (\\HasNoChildren) "/" &AOQ-/&ZeVnLIqe-
S: c OK Done
C: d CREATE "a & b"
S: d NO [CANNOT] No mailbox can have this name
C: e CREATE "a &- b"
S: e OK Mailbox created
C: f LIST "" "a*"
S: * LIST (\\HasNoChildren) "/" "a &- b"
S: f OK Done
C: g SELECT "a &- b"
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613603] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: g OK [READ-WRITE] Mailbox opened
C: h STATUS "&AOQ-/&ZeVnLIqe-" (MESSAGES)
S: * STATUS &AOQ-/&ZeVnLIqe- (MESSAGES 0)
S: h OK Done
C: i CREATE "&AGEAYg-"
S: i NO [CANNOT] No mailbox can have this name
C: j SELECT {16}
S: + OK
C: &AOQ-/&ZeVnLIqe-
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613602] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: j OK [READ-WRITE] Mailbox opened
