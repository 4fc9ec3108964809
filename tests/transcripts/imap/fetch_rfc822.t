# RFC 3501 6.4.5: the old names.
@message INBOX - one
@message INBOX - two
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 2 EXISTS
S: * 2 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 3] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b FETCH 1 RFC822.HEADER
S: * 1 FETCH (RFC822.HEADER {137}
S: From: Alice <alice@example.org>
S: To: bob@example.net
S: Subject: one
S: Date: Mon, 2 Nov 2026 10:00:00 +0100
S: Message-ID: <1@example.org>
S: 
S: )
S: b OK Done
C: c FETCH 1 FLAGS
S: * 1 FETCH (FLAGS (\\Recent))
S: c OK Done
C: d FETCH 1 RFC822.TEXT
S: * 1 FETCH (FLAGS (\\Seen \\Recent) RFC822.TEXT {11}
S: Hello one
S: )
S: d OK Done
C: e FETCH 2 RFC822
S: * 2 FETCH (FLAGS (\\Seen \\Recent) RFC822 {148}
S: From: Alice <alice@example.org>
S: To: bob@example.net
S: Subject: two
S: Date: Mon, 3 Nov 2026 10:00:00 +0100
S: Message-ID: <2@example.org>
S: 
S: Hello two
S: )
S: e OK Done
C: f FETCH 2 RFC822.PEEK
S: f BAD Unknown FETCH item
