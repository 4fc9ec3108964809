# RFC 3501 6.3.6, 6.3.7, 6.3.9.
C: a SUBSCRIBE INBOX
S: a OK Done
C: b SUBSCRIBE lists/imap
S: b OK Done
C: c LSUB "" *
S: * LSUB () "/" INBOX
S: * LSUB () "/" lists/imap
S: c OK Done
C: d LSUB "" %
S: * LSUB () "/" INBOX
S: * LSUB (\\Noselect) "/" lists
S: d OK Done
C: e LSUB lists/ %
S: * LSUB () "/" lists/imap
S: e OK Done
C: f UNSUBSCRIBE INBOX
S: f OK Done
C: g UNSUBSCRIBE nope
S: g OK Done
C: h LSUB "" "*"
S: * LSUB () "/" lists/imap
S: h OK Done
C: i SUBSCRIBE
S: i BAD Missing argument
C: j LSUB "" ""
S: j OK Done
C: k LIST (SUBSCRIBED) "" *
S: k OK Done
C: l SUBSCRIBE inbox
S: l OK Done
C: m LIST (SUBSCRIBED) "" *
S: * LIST (\\Subscribed \\HasNoChildren) "/" INBOX
S: m OK Done
C: n LIST "" INBOX RETURN (SUBSCRIBED)
S: * LIST (\\Subscribed \\HasNoChildren) "/" INBOX
S: n OK Done
