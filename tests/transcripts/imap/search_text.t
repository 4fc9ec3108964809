# RFC 3501 6.4.4: keys of headers and text; case does not matter.
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
C: b SEARCH SUBJECT ONE
S: * SEARCH 1
S: b OK Done
C: c SEARCH FROM alice
S: * SEARCH 1 2
S: c OK Done
C: d SEARCH TO "bob@EXAMPLE.net"
S: * SEARCH 1 2
S: d OK Done
C: e SEARCH CC bob
S: * SEARCH
S: e OK Done
C: f SEARCH BCC bob
S: * SEARCH
S: f OK Done
C: g SEARCH HEADER Message-ID <2@
S: * SEARCH 2
S: g OK Done
C: h SEARCH HEADER X-None ""
S: * SEARCH
S: h OK Done
C: i SEARCH HEADER Date ""
S: * SEARCH 1 2
S: i OK Done
C: j SEARCH BODY "hello two"
S: * SEARCH 2
S: j OK Done
C: k SEARCH BODY alice
S: * SEARCH
S: k OK Done
C: l SEARCH TEXT alice
S: * SEARCH 1 2
S: l OK Done
C: m SEARCH TEXT "subject: two"
S: * SEARCH 2
S: m OK Done
C: n SEARCH SENTON 3-Nov-2026
S: * SEARCH 2
S: n OK Done
C: o SEARCH SENTBEFORE 3-Nov-2026
S: * SEARCH 1
S: o OK Done
C: p SEARCH SENTSINCE 3-Nov-2026
S: * SEARCH 2
S: p OK Done
C: q SEARCH CHARSET UTF-8 SUBJECT two
S: * SEARCH 2
S: q OK Done
C: r SEARCH CHARSET us-ascii SUBJECT {3}
S: + OK
C: two
S: * SEARCH 2
S: r OK Done
C: s SEARCH CHARSET KOI8-R SUBJECT two
S: s NO [BADCHARSET (US-ASCII UTF-8)] Unknown charset
C: t SEARCH SUBJECT {2+}
C: \xff\xfe
S: t NO [BADCHARSET (US-ASCII UTF-8)] Unknown charset
C: u SEARCH BODY ""
S: * SEARCH 1 2
S: u OK Done
C: v UID SEARCH OR SUBJECT one BODY two
S: * SEARCH 1 2
S: v OK Done
C: w SEARCH NOT TEXT one
S: * SEARCH 2
S: w OK Done
