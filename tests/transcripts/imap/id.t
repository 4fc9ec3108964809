# RFC 2971.
C: a ID NIL
S: * ID ("name" "Mailcore")
S: a OK Pleased to meet you
C: b ID ("name" "Thunderbird" "version" NIL)
S: * ID ("name" "Mailcore")
S: b OK Pleased to meet you
C: c ID ()
S: * ID ("name" "Mailcore")
S: c OK Pleased to meet you
C: d ID
S: d BAD Missing argument
C: e ID ("name")
S: e BAD Missing argument
C: f ID (\("a" "b" *30)"c" "d")
S: f BAD Too many ID fields
