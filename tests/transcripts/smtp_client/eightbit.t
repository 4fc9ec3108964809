# To a server without 8BITMIME it is sent as it is, with it as what it is.
@message gr\xfc\xdfe|
@mail a@a.example b@b.example 8bit
P: 220 mx
E: EHLO mx.example.org
P: 250 mx
E: [up]
E: MAIL FROM:<a@a.example>
P: 452 4.3.1 Later
E: [rcpt 0 temp message mail 4.3.1 "452 4.3.1 Later"]
E: [done]
