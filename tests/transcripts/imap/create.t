# RFC 3501 6.3.3.
C: a CREATE work
S: a OK Mailbox created
C: b CREATE work
S: b NO [ALREADYEXISTS] Mailbox exists already
C: c CREATE work/a/b/
S: c OK Mailbox created
C: d CREATE INBOX
S: d NO [ALREADYEXISTS] Mailbox exists already
C: e CREATE "a//b"
S: e NO [CANNOT] No mailbox can have this name
C: f CREATE ""
S: f NO [CANNOT] No mailbox can have this name
C: g CREATE
S: g BAD Missing argument
C: h CREATE "&AOQ-pfel"
S: h OK Mailbox created
C: i CREATE "&bad"
S: i NO [CANNOT] No mailbox can have this name
C: j LIST "" "*"
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasChildren) "/" work
S: * LIST (\\HasChildren) "/" work/a
S: * LIST (\\HasNoChildren) "/" work/a/b
S: * LIST (\\HasNoChildren) "/" &AOQ-pfel
S: j OK Done
C: k CREATE Entw (USE (\\Drafts))
S: k OK Mailbox created
C: l CREATE Odd (USE (\\Odd))
S: l NO [USEATTR] Unknown special use
C: m CREATE Odd (FOO)
S: m BAD Unknown CREATE parameter
C: n CREATE Two (USE (\\Sent \\Archive))
S: n OK Mailbox created
C: o LIST "" "%"
S: * LIST (\\HasNoChildren \\Drafts) "/" Entw
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasNoChildren \\Archive \\Sent) "/" Two
S: * LIST (\\HasChildren) "/" work
S: * LIST (\\HasNoChildren) "/" &AOQ-pfel
S: o OK Done
C: p CREATE "\(x*300)"
S: p NO [CANNOT] No mailbox can have this name
