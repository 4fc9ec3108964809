# RFC 3501 3: commands that need a selected mailbox.
C: a FETCH 1 FLAGS
S: a BAD No mailbox is selected
C: b STORE 1 FLAGS ()
S: b BAD No mailbox is selected
C: c SEARCH ALL
S: c BAD No mailbox is selected
C: d COPY 1 INBOX
S: d BAD No mailbox is selected
C: e MOVE 1 INBOX
S: e BAD No mailbox is selected
C: f EXPUNGE
S: f BAD No mailbox is selected
C: g CHECK
S: g BAD No mailbox is selected
C: h CLOSE
S: h BAD No mailbox is selected
C: i UNSELECT
S: i BAD No mailbox is selected
C: j UID FETCH 1 FLAGS
S: j BAD No mailbox is selected
C: k UID EXPUNGE 1
S: k BAD No mailbox is selected
