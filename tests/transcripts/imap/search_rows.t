# RFC 3501 6.4.4: keys of flags, sizes, dates and sets.
@message INBOX \Seen,\Answered one
@message INBOX \Flagged two-two-two
@message INBOX \Deleted,\Draft three
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 3 EXISTS
S: * 3 RECENT
S: * OK [UNSEEN 2] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b SEARCH ALL
S: * SEARCH 1 2 3
S: b OK Done
C: c SEARCH SEEN
S: * SEARCH 1
S: c OK Done
C: d SEARCH UNSEEN
S: * SEARCH 2 3
S: d OK Done
C: e SEARCH ANSWERED
S: * SEARCH 1
S: e OK Done
C: f SEARCH UNANSWERED
S: * SEARCH 2 3
S: f OK Done
C: g SEARCH FLAGGED
S: * SEARCH 2
S: g OK Done
C: h SEARCH UNFLAGGED
S: * SEARCH 1 3
S: h OK Done
C: i SEARCH DELETED
S: * SEARCH 3
S: i OK Done
C: j SEARCH UNDELETED
S: * SEARCH 1 2
S: j OK Done
C: k SEARCH DRAFT
S: * SEARCH 3
S: k OK Done
C: l SEARCH UNDRAFT
S: * SEARCH 1 2
S: l OK Done
C: m SEARCH NEW
S: * SEARCH 2 3
S: m OK Done
C: n SEARCH OLD
S: * SEARCH
S: n OK Done
C: o SEARCH RECENT
S: * SEARCH 1 2 3
S: o OK Done
C: p SEARCH 1:2 UNSEEN
S: * SEARCH 2
S: p OK Done
C: q SEARCH 2,3
S: * SEARCH 2 3
S: q OK Done
C: r SEARCH UID 2:*
S: * SEARCH 2 3
S: r OK Done
C: s UID SEARCH UID 3 DELETED
S: * SEARCH 3
S: s OK Done
C: t SEARCH LARGER 150
S: * SEARCH 2 3
S: t OK Done
C: u SEARCH SMALLER 150
S: * SEARCH 1
S: u OK Done
C: v SEARCH BEFORE 4-Nov-2026
S: * SEARCH 1
S: v OK Done
C: w SEARCH ON 4-Nov-2026
S: * SEARCH 2
S: w OK Done
C: x SEARCH SINCE "04-Nov-2026"
S: * SEARCH 2 3
S: x OK Done
C: y SEARCH NOT SEEN
S: * SEARCH 2 3
S: y OK Done
C: z SEARCH OR SEEN FLAGGED
S: * SEARCH 1 2
S: z OK Done
C: aa SEARCH (SEEN ANSWERED)
S: * SEARCH 1
S: aa OK Done
C: ab SEARCH NOT (OR SEEN DELETED)
S: * SEARCH 2
S: ab OK Done
C: ac SEARCH OR (1 SEEN) NOT UNDELETED
S: * SEARCH 1 3
S: ac OK Done
C: ad SEARCH *
S: * SEARCH 3
S: ad OK Done
C: ae SEARCH UID 99
S: * SEARCH
S: ae OK Done
