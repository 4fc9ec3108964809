# RFC 3501 6.4.5: sections of a simple message; \Seen comes with the body.
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
C: b FETCH 1 BODY.PEEK[]
S: * 1 FETCH (BODY[] {148}
S: From: Alice <alice@example.org>
S: To: bob@example.net
S: Subject: one
S: Date: Mon, 2 Nov 2026 10:00:00 +0100
S: Message-ID: <1@example.org>
S: 
S: Hello one
S: )
S: b OK Done
C: c FETCH 1 BODY.PEEK[HEADER]
S: * 1 FETCH (BODY[HEADER] {137}
S: From: Alice <alice@example.org>
S: To: bob@example.net
S: Subject: one
S: Date: Mon, 2 Nov 2026 10:00:00 +0100
S: Message-ID: <1@example.org>
S: 
S: )
S: c OK Done
C: d FETCH 1 BODY.PEEK[TEXT]
S: * 1 FETCH (BODY[TEXT] {11}
S: Hello one
S: )
S: d OK Done
C: e FETCH 1 BODY.PEEK[1]
S: * 1 FETCH (BODY[1] {11}
S: Hello one
S: )
S: e OK Done
C: f FETCH 1 BODY.PEEK[1.MIME]
S: * 1 FETCH (BODY[1.MIME] {137}
S: From: Alice <alice@example.org>
S: To: bob@example.net
S: Subject: one
S: Date: Mon, 2 Nov 2026 10:00:00 +0100
S: Message-ID: <1@example.org>
S: 
S: )
S: f OK Done
C: g FETCH 1 BODY.PEEK[2]
S: * 1 FETCH (BODY[2] NIL)
S: g OK Done
C: h FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject DATE x-none)]
S: * 1 FETCH (BODY[HEADER.FIELDS (Subject DATE x-none)] {54}
S: Subject: one
S: Date: Mon, 2 Nov 2026 10:00:00 +0100
S: 
S: )
S: h OK Done
C: i FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (From To Date)]
S: * 1 FETCH (BODY[HEADER.FIELDS.NOT (From To Date)] {45}
S: Subject: one
S: Message-ID: <1@example.org>
S: 
S: )
S: i OK Done
C: j FETCH 1 BODY.PEEK[HEADER.FIELDS (nope)]
S: * 1 FETCH (BODY[HEADER.FIELDS (nope)] {2}
S: 
S: )
S: j OK Done
C: k FETCH 1 (FLAGS BODY.PEEK[TEXT])
S: * 1 FETCH (FLAGS (\\Recent) BODY[TEXT] {11}
S: Hello one
S: )
S: k OK Done
C: l FETCH 1 BODY[TEXT]
S: * 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {11}
S: Hello one
S: )
S: l OK Done
C: m FETCH 1 BODY[TEXT]
S: * 1 FETCH (BODY[TEXT] {11}
S: Hello one
S: )
S: m OK Done
C: n FETCH 2 (FLAGS BODY[TEXT])
S: * 2 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {11}
S: Hello two
S: )
S: n OK Done
C: o FETCH 1 (BODY.PEEK[1] BODY.PEEK[TEXT])
S: * 1 FETCH (BODY[1] {11}
S: Hello one
S:  BODY[TEXT] {11}
S: Hello one
S: )
S: o OK Done
