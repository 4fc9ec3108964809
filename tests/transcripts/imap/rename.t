# RFC 3501 6.3.5: children move along; INBOX stays, its messages move.
@message INBOX - one
C: a CREATE a/b
S: a OK Mailbox created
C: b RENAME a x/y
S: b OK Mailbox renamed
C: c LIST "" *
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasChildren) "/" x
S: * LIST (\\HasChildren) "/" x/y
S: * LIST (\\HasNoChildren) "/" x/y/b
S: c OK Done
C: d RENAME nope z
S: d NO [NONEXISTENT] No such mailbox
C: e RENAME x/y INBOX
S: e NO [ALREADYEXISTS] Mailbox exists already
C: f RENAME x x/q
S: f NO [CANNOT] Not permitted
C: g RENAME INBOX old
S: g OK Mailbox renamed
C: h STATUS old (MESSAGES)
S: * STATUS old (MESSAGES 1)
S: h OK Done
C: i STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 0)
S: i OK Done
C: j RENAME one
S: j BAD Missing argument
C: k RENAME x "a//b"
S: k NO [CANNOT] No mailbox can have this name
C: l LIST "" *
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasNoChildren) "/" old
S: * LIST (\\HasChildren) "/" x
S: * LIST (\\HasChildren) "/" x/y
S: * LIST (\\HasNoChildren) "/" x/y/b
S: l OK Done
