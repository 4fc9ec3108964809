# Shutdown in the middle of a message: it is finished first.
S: 220 mx.example.org ESMTP Mailcore
C: HELO c.example.net
S: 250 mx.example.org
C: MAIL FROM:<a@example.net>
C: RCPT TO:<user@example.org>
S: 250 2.1.0 Sender ok
S: 250 2.1.5 Recipient ok
C: DATA
S: 354 End data with <CRLF>.<CRLF>
C: half
@stop
@open
C: other half
C: .
C: NOOP
S: 250 2.0.0 Queued as 123abc
S: 421 4.3.2 Service is shutting down
@closed
