# Encoded words, transfer encodings and charsets are decoded before searching.
C: a APPEND INBOX {324+}
C: From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
C: Subject: =?iso-8859-1?q?Gr=FC=DFe?=
C: Content-Type: multipart/mixed; boundary=b
C: 
C: --b
C: Content-Type: text/plain; charset=iso-8859-1
C: Content-Transfer-Encoding: quoted-printable
C: 
C: Stra=DFe
C: --b
C: Content-Type: text/plain
C: Content-Transfer-Encoding: base64
C: 
C: aGlkZGVu
C: --b--
C: 
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
C: c SEARCH CHARSET UTF-8 SUBJECT {6+}
C: Gr\xc3\xbc\xc3\x9f
S: * SEARCH 1
S: c OK Done
C: d SEARCH CHARSET UTF-8 BODY {5+}
C: STRAS
S: * SEARCH 1
S: d OK Done
C: e SEARCH BODY HIDDEN
S: * SEARCH 1
S: e OK Done
C: f SEARCH BODY aGlkZGVu
S: * SEARCH
S: f OK Done
C: g SEARCH FROM jurgen
S: * SEARCH 1
S: g OK Done
