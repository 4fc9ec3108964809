# IDLE without a mailbox, and the end of patience.
C: a IDLE
S: + idling
@message INBOX - one
@wake
C: DONE
S: a OK Idle ended
C: b IDLE
S: + idling
@timeout
S: * BYE Idle for too long
@closed
