# Long answers wait for the peer: the output is tiny here.
@mark 1
@message INBOX - one
@message INBOX - two
@message INBOX - three
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 3 EXISTS
S: * 3 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b FETCH 1:* (FLAGS BODY[TEXT])
S: * 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {11}
S: Hello one
S: )
S: * 2 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {11}
S: Hello two
S: )
S: * 3 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {13}
S: Hello three
S: )
S: b OK Done
C: c FETCH 1:* FLAGS
S: * 1 FETCH (FLAGS (\\Seen \\Recent))
S: * 2 FETCH (FLAGS (\\Seen \\Recent))
S: * 3 FETCH (FLAGS (\\Seen \\Recent))
S: c OK Done
C: d SEARCH ALL
S: * SEARCH 1 2 3
S: d OK Done
C: e STORE 1:* +FLAGS (\\Deleted)
S: * 1 FETCH (FLAGS (\\Seen \\Deleted \\Recent))
S: * 2 FETCH (FLAGS (\\Seen \\Deleted \\Recent))
S: * 3 FETCH (FLAGS (\\Seen \\Deleted \\Recent))
S: e OK Done
C: f LIST "" "*"
S: * LIST (\\HasNoChildren) "/" INBOX
S: f OK Done
C: g UID FETCH 1:* (ENVELOPE BODY.PEEK[1] BODY.PEEK[HEADER.FIELDS (SUBJECT)])
S: * 1 FETCH (UID 1 ENVELOPE ("Mon, 2 Nov 2026 10:00:00 +0100" "one" (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<1@example.org>") BODY[1] {11}
S: Hello one
S:  BODY[HEADER.FIELDS (SUBJECT)] {16}
S: Subject: one
S: 
S: )
S: * 2 FETCH (UID 2 ENVELOPE ("Mon, 3 Nov 2026 10:00:00 +0100" "two" (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<2@example.org>") BODY[1] {11}
S: Hello two
S:  BODY[HEADER.FIELDS (SUBJECT)] {16}
S: Subject: two
S: 
S: )
S: * 3 FETCH (UID 3 ENVELOPE ("Mon, 4 Nov 2026 10:00:00 +0100" "three" (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) ((NIL NIL "bob" "example.net")) NIL NIL NIL "<3@example.org>") BODY[1] {13}
S: Hello three
S:  BODY[HEADER.FIELDS (SUBJECT)] {18}
S: Subject: three
S: 
S: )
S: g OK Done
C: h EXPUNGE
S: * 3 EXPUNGE
S: * 2 EXPUNGE
S: * 1 EXPUNGE
S: h OK Expunged
C- i NOOP\r\nj CAPABILITY\r\nk LOGOUT\r\n
S: i OK Done
S: * CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS UNSELECT MOVE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE
S: j OK Capabilities listed
S: * BYE Logging out
S: k OK Good bye
@closed
