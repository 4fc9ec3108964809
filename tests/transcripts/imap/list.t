# RFC 3501 6.3.8: references and wildcards.
C: a CREATE a/b/c
S: a OK Mailbox created
C: b CREATE ab
S: b OK Mailbox created
C: c CREATE foo/bar/foo
S: c OK Mailbox created
C: d LIST "" ""
S: * LIST (\\Noselect) "/" ""
S: d OK Done
C: e LIST "" *
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasChildren) "/" a
S: * LIST (\\HasChildren) "/" a/b
S: * LIST (\\HasNoChildren) "/" a/b/c
S: * LIST (\\HasNoChildren) "/" ab
S: * LIST (\\HasChildren) "/" foo
S: * LIST (\\HasChildren) "/" foo/bar
S: * LIST (\\HasNoChildren) "/" foo/bar/foo
S: e OK Done
C: f LIST "" %
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasChildren) "/" a
S: * LIST (\\HasNoChildren) "/" ab
S: * LIST (\\HasChildren) "/" foo
S: f OK Done
C: g LIST a/ %
S: * LIST (\\HasChildren) "/" a/b
S: g OK Done
C: h LIST "" %/%
S: * LIST (\\HasChildren) "/" a/b
S: * LIST (\\HasChildren) "/" foo/bar
S: h OK Done
C: i LIST "" a*
S: * LIST (\\HasChildren) "/" a
S: * LIST (\\HasChildren) "/" a/b
S: * LIST (\\HasNoChildren) "/" a/b/c
S: * LIST (\\HasNoChildren) "/" ab
S: i OK Done
C: j LIST "" *b
S: * LIST (\\HasChildren) "/" a/b
S: * LIST (\\HasNoChildren) "/" ab
S: j OK Done
C: k LIST "" *o%
S: * LIST (\\HasChildren) "/" foo
S: * LIST (\\HasNoChildren) "/" foo/bar/foo
S: k OK Done
C: l LIST "" %/*/foo
S: * LIST (\\HasNoChildren) "/" foo/bar/foo
S: l OK Done
C: m LIST "" inbox
S: * LIST (\\HasNoChildren) "/" INBOX
S: m OK Done
C: n LIST "" Inb%
S: n OK Done
C: o LIST "" INBOX/%
S: o OK Done
C: p LIST "a/b" "/c"
S: * LIST (\\HasNoChildren) "/" a/b/c
S: p OK Done
C: q LIST nope %
S: q OK Done
C: r LIST
S: r BAD Missing argument
C: s LIST ""
S: s BAD Missing argument
C: t LIST "" (a b)
S: t BAD Missing or malformed argument
