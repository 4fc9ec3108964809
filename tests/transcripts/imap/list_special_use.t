# RFC 6154 2, 5.1.
C: a CREATE Trash (USE (\\Trash))
S: a OK Mailbox created
C: b CREATE Other
S: b OK Mailbox created
C: c LIST (SPECIAL-USE) "" "*"
S: * LIST (\\HasNoChildren \\Trash) "/" Trash
S: c OK Done
C: d LIST "" "*" RETURN (SPECIAL-USE)
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasNoChildren) "/" Other
S: * LIST (\\HasNoChildren \\Trash) "/" Trash
S: d OK Done
C: e LIST "" "%" RETURN (CHILDREN)
S: * LIST (\\HasNoChildren) "/" INBOX
S: * LIST (\\HasNoChildren) "/" Other
S: * LIST (\\HasNoChildren \\Trash) "/" Trash
S: e OK Done
C: f LIST (FOO) "" "*"
S: f BAD Unknown LIST option
C: g LIST "" "*" RETURN (FOO)
S: g BAD Unknown LIST option
C: h LIST "" "*" RETURN
S: h BAD Missing argument
C: i LIST "" "*" x
S: i BAD Unexpected arguments
