# RFC 2177.
@message INBOX - one
C: a SELECT INBOX
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that are kept
S: * 1 EXISTS
S: * 1 RECENT
S: * OK [UNSEEN 1] First unseen message
S: * OK [UIDVALIDITY 1793613600] UIDs are valid
S: * OK [UIDNEXT 2] Predicted next UID
S: a OK [READ-WRITE] Mailbox opened
C: b IDLE
S: + idling
@message INBOX - two
@wake
S: * 2 EXISTS
S: * 2 RECENT
@other a SELECT INBOX
@other b STORE 1 +FLAGS (\Deleted)
@wake
S: * 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent))
@other c EXPUNGE
@wake
S: * 1 EXPUNGE
@wake
C: DONE
S: b OK Idle ended
C: c IDLE
S: + idling
C: NOOP
S: c BAD Expected DONE
C: d IDLE x
S: d BAD Unexpected arguments
C: e IDLE
S: + idling
C: done
S: e OK Idle ended
@message INBOX - three
@wake
C: f NOOP
S: * 2 EXISTS
S: * 2 RECENT
S: f OK Done
C: g IDLE
S: + idling
C- DO\x00NE\r\n
C: h NOOP
S: g BAD NUL in a command
S: h OK Done
C: i IDLE
S: + idling
C: \(x*9000)
S: i BAD Command line too long
C: j NOOP
S: j OK Done
