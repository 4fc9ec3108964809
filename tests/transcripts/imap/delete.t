# RFC 3501 6.3.4: with children the name stays, without a mailbox.
C: a CREATE a/b
S: a OK Mailbox created
C: b DELETE a
S: b OK Mailbox deleted
C: c LIST "" *
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\Noselect \\HasChildren) "/" a
S: * LIST (\\HasNoChildren) "/" a/b
S: c OK Done
C: d SELECT a
S: d NO [NONEXISTENT] No such mailbox
C: e DELETE a
S: e NO [CANNOT] Mailbox has children
C: f DELETE a/b
S: f OK Mailbox deleted
C: g DELETE a
S: g OK Mailbox deleted
C: h LIST "" *
S: * LIST (\\HasNoChildren) "/" INBOX
S: h OK Done
C: i DELETE INBOX
S: i NO [CANNOT] Not permitted
C: j DELETE nope
S: j NO [NONEXISTENT] No such mailbox
C: k CREATE now
S: k OK Mailbox created
C: l SELECT now
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 0 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 1793613603] UIDs are valid
S: * OK [UIDNEXT 1] Predicted next UID
S: l OK [READ-WRITE] Mailbox opened
C: m DELETE now
S: m OK Mailbox deleted
C: n FETCH 1 FLAGS
S: n BAD No mailbox is selected
C: o DELETE
S: o BAD Missing argument
C: p DELETE "a//b"
S: p NO [NONEXISTENT] No such mailbox
