# RFC 3501 6.3.11, RFC 4315 3.
C: a APPEND INBOX {17}
S: + OK
C: Subject: x
C: 
C: abc
S: a OK [APPENDUID 1793613600 1] Message appended
C: b APPEND INBOX (\\Seen $Work) {17+}
C: Subject: y
C: 
C: abc
S: b OK [APPENDUID 1793613600 2] Message appended
C: c APPEND INBOX " 1-Feb-2024 12:00:00 -0500" {17+}
C: Subject: z
C: 
C: abc
S: c OK [APPENDUID 1793613600 3] Message appended
C: d APPEND nope {17}
S: d NO [TRYCREATE] No such mailbox
C: e NOOP
S: e OK Done
C: f APPEND nope {17+}
S: f NO [TRYCREATE] No such mailbox
C: Subject: x
C: 
C: abc
C: g SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work \\*)] Flags that are kept
S: * 3 EXISTS
S: * 3 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 4] Predicted next UID
S: g OK [READ-WRITE] Mailbox opened
C: h FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])
S: * 1 FETCH (FLAGS (\\Recent) INTERNALDATE " 2-Nov-2026 10:00:00 +0000" BODY[] {17}
S: Subject: x
S: 
S: abc)
S: * 2 FETCH (FLAGS (\\Seen \\Recent $Work) INTERNALDATE " 2-Nov-2026 10:00:00 +0000" BODY[] {17}
S: Subject: y
S: 
S: abc)
S: * 3 FETCH (FLAGS (\\Recent) INTERNALDATE " 1-Feb-2024 12:00:00 -0500" BODY[] {17}
S: Subject: z
S: 
S: abc)
S: h OK Done
C: i APPEND INBOX (\\Flagged) {17+}
C: Subject: x
C: 
C: abc
S: * 4 EXISTS
S: * 4 RECENT
S: i OK [APPENDUID 1793613600 4] Message appended
C: j APPEND {5+}
C- INBOX {17+}\r\nSubject: x\r\n\r\nabc\r\n
S: * 5 EXISTS
S: * 5 RECENT
S: j OK [APPENDUID 1793613600 5] Message appended
