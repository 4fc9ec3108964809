# RFC 3501 6.4.5: the example's numbering; BODYSTRUCTURE.
C: a APPEND INBOX {570+}
C: From: a@example.org
C: Subject: outer
C: MIME-Version: 1.0
C: Content-Type: multipart/mixed; boundary="o"
C: 
C: preamble
C: --o
C: Content-Type: text/plain
C: 
C: part one
C: --o
C: Content-Type: message/rfc822
C: 
C: From: b@example.org
C: Subject: inner
C: Content-Type: multipart/alternative; boundary=i
C: 
C: --i
C: Content-Type: text/plain
C: 
C: inner plain
C: --i
C: Content-Type: text/html
C: Content-Disposition: attachment; filename="x.html"
C: 
C: <p>
C: --i--
C: --o
C: Content-Type: image/png; name=a
C: Content-Transfer-Encoding: base64
C: Content-ID: <1@x>
C: Content-Description: a picture
C: 
C: iVBORw0KGgo=
C: --o--
C: 
S: a OK [APPENDUID 1793613600 1] Message appended
C: b SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: b OK [READ-WRITE] Mailbox opened
C: c FETCH 1 BODYSTRUCTURE
S: * 1 FETCH (BODYSTRUCTURE (("text" "plain" NIL NIL NIL "7bit" 8 0 NIL NIL NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" 228 (NIL "inner" ((NIL NIL "b" "example.org")) ((NIL NIL "b" "example.org")) ((NIL NIL "b" "example.org")) NIL NIL NIL NIL NIL) (("text" "plain" NIL NIL NIL "7bit" 11 0 NIL NIL NIL NIL)("text" "html" NIL NIL NIL "7bit" 3 0 NIL ("attachment" ("filename" "x.html")) NIL NIL) "alternative" ("boundary" "i") NIL NIL NIL) 13 NIL NIL NIL NIL)("image" "png" ("name" "a") "<1@x>" "a picture" "base64" 12 NIL NIL NIL NIL) "mixed" ("boundary" "o") NIL NIL NIL))
S: c OK Done
C: d FETCH 1 BODY
S: * 1 FETCH (BODY (("text" "plain" NIL NIL NIL "7bit" 8 0)("message" "rfc822" NIL NIL NIL "7bit" 228 (NIL "inner" ((NIL NIL "b" "example.org")) ((NIL NIL "b" "example.org")) ((NIL NIL "b" "example.org")) NIL NIL NIL NIL NIL) (("text" "plain" NIL NIL NIL "7bit" 11 0)("text" "html" NIL NIL NIL "7bit" 3 0) "alternative") 13)("image" "png" ("name" "a") "<1@x>" "a picture" "base64" 12) "mixed"))
S: d OK Done
C: e FETCH 1 ENVELOPE
S: * 1 FETCH (ENVELOPE (NIL "outer" ((NIL NIL "a" "example.org")) ((NIL NIL "a" "example.org")) ((NIL NIL "a" "example.org")) NIL NIL NIL NIL NIL))
S: e OK Done
C: f FETCH 1 BODY.PEEK[1]
S: * 1 FETCH (BODY[1] {8}
S: part one)
S: f OK Done
C: g FETCH 1 BODY.PEEK[1.MIME]
S: * 1 FETCH (BODY[1.MIME] {28}
S: Content-Type: text/plain
S: 
S: )
S: g OK Done
C: h FETCH 1 BODY.PEEK[2]
S: * 1 FETCH (BODY[2] {228}
S: From: b@example.org
S: Subject: inner
S: Content-Type: multipart/alternative; boundary=i
S: 
S: --i
S: Content-Type: text/plain
S: 
S: inner plain
S: --i
S: Content-Type: text/html
S: Content-Disposition: attachment; filename="x.html"
S: 
S: <p>
S: --i--)
S: h OK Done
C: i FETCH 1 BODY.PEEK[2.HEADER]
S: * 1 FETCH (BODY[2.HEADER] {88}
S: From: b@example.org
S: Subject: inner
S: Content-Type: multipart/alternative; boundary=i
S: 
S: )
S: i OK Done
C: j FETCH 1 BODY.PEEK[2.TEXT]
S: * 1 FETCH (BODY[2.TEXT] {140}
S: --i
S: Content-Type: text/plain
S: 
S: inner plain
S: --i
S: Content-Type: text/html
S: Content-Disposition: attachment; filename="x.html"
S: 
S: <p>
S: --i--)
S: j OK Done
C: k FETCH 1 BODY.PEEK[2.1]
S: * 1 FETCH (BODY[2.1] {11}
S: inner plain)
S: k OK Done
C: l FETCH 1 BODY.PEEK[2.2]
S: * 1 FETCH (BODY[2.2] {3}
S: <p>)
S: l OK Done
C: m FETCH 1 BODY.PEEK[2.2.MIME]
S: * 1 FETCH (BODY[2.2.MIME] {79}
S: Content-Type: text/html
S: Content-Disposition: attachment; filename="x.html"
S: 
S: )
S: m OK Done
C: n FETCH 1 BODY.PEEK[2.HEADER.FIELDS (Subject)]
S: * 1 FETCH (BODY[2.HEADER.FIELDS (Subject)] {18}
S: Subject: inner
S: 
S: )
S: n OK Done
C: o FETCH 1 BODY.PEEK[3]
S: * 1 FETCH (BODY[3] {12}
S: iVBORw0KGgo=)
S: o OK Done
C: p FETCH 1 BODY.PEEK[4]
S: * 1 FETCH (BODY[4] NIL)
S: p OK Done
C: q FETCH 1 BODY.PEEK[1.HEADER]
S: * 1 FETCH (BODY[1.HEADER] NIL)
S: q OK Done
C: r FETCH 1 BODY.PEEK[3.1]
S: * 1 FETCH (BODY[3.1] NIL)
S: r OK Done
C: s FETCH 1 BODY.PEEK[2.3]
S: * 1 FETCH (BODY[2.3] NIL)
S: s OK Done
C: t FETCH 1 BODY.PEEK[2.MIME]
S: * 1 FETCH (BODY[2.MIME] {32}
S: Content-Type: message/rfc822
S: 
S: )
S: t OK Done
C: u FETCH 1 (BODY.PEEK[3]<2.3> BODY.PEEK[1]<0.4>)
S: * 1 FETCH (BODY[3]<2> {3}
S: BOR BODY[1]<0> {4}
S: part)
S: u OK Done
C: v SEARCH BODY inner
S: * SEARCH 1
S: v OK Done
C: w SEARCH BODY "subject: inner"
S: * SEARCH 1
S: w OK Done
C: x SEARCH BODY iVBORw
S: * SEARCH
S: x OK Done
