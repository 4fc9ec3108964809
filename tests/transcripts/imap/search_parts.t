# TEXT looks into the header of every part, BODY into bodies and into messages
# that are parts; delivery reports are text.
C: a APPEND INBOX {401+}
C: Subject: with a file
C: Content-Type: multipart/mixed; boundary=b
C: 
C: --b
C: Content-Type: text/plain
C: 
C: see there
C: --b
C: Content-Type: application/pdf; name="=?utf-8?q?Gr=C3=BC=C3=9Fe.pdf?="
C: Content-Transfer-Encoding: base64
C: 
C: JVBERi0=
C: --b
C: Content-Type: message/delivery-status
C: 
C: Final-Recipient: rfc822; gone@example.org
C: --b
C: Content-Type: message/rfc822
C: 
C: Subject: the inner one
C: 
C: inside
C: --b--
C: 
S: a OK [APPENDUID 1793613600 1] Message appended
C: b EXAMINE INBOX
S~ * FLAGS *
S: * OK [PERMANENTFLAGS ()] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: b OK [READ-ONLY] Mailbox opened
C: c SEARCH TEXT grusse.pdf
S: * SEARCH 1
S: c OK Done
C: d SEARCH BODY grusse.pdf
S: * SEARCH
S: d OK Done
C: e SEARCH BODY gone@example.org
S: * SEARCH 1
S: e OK Done
C: f SEARCH BODY "Subject: the inner" TEXT inside NOT BODY "with a file"
S: * SEARCH 1
S: f OK Done
C: g SEARCH BODY message/delivery-status
S: * SEARCH
S: g OK Done
