"""A mail server that does what a test says, and writes down what it got.

A Script says what is answered at each stage; a Server runs it on the addresses
of a host of the laboratory. A reply is a text, a list of them (one each time,
the last one from then on) or a function of the session. Two are actions
instead: DROP closes the connection, HANG says nothing more.
"""
import base64
import dataclasses
import os
import selectors
import socket
import ssl
import threading
import time

import world

DROP, HANG = "DROP", "HANG"
PATIENCE = 60  # no session waits longer for its client
PLAIN = ("PIPELINING", "SIZE 100000000", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8")
ANSWERS = {"greeting": "220 {host} ESMTP", "HELO": "250 {host}", "EHLO": "", "LHLO": "", "STARTTLS": "220 2.0.0 go on",
           "AUTH": "235 2.7.0 welcome", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on",
           "BDAT": "250 2.0.0 go on", "body": "250 2.0.0 taken", "RSET": "250 2.0.0 ok",
           "NOOP": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye"}


@dataclasses.dataclass
class Script:
    """extensions: of the EHLO reply, without STARTTLS, which tls brings: (certificate,
    key), or "broken": answers with something else than a handshake. greets_tls:
    TLS from the first byte. lmtp: a reply to each recipient. login: "user:password"
    that must come by AUTH PLAIN. delay_s: before each reply. cut_out, cut_in: the
    first connection closes after so many octets to, from the client. mails_max:
    after so many messages 421 is the answer to the next MAIL."""
    replies: dict = dataclasses.field(default_factory=dict)
    extensions: tuple = PLAIN
    tls: object = None
    greets_tls: bool = False
    lmtp: bool = False
    login: str = ""
    delay_s: float = 0
    cut_out: int = 0
    cut_in: int = 0
    mails_max: int = 0


@dataclasses.dataclass(eq=False)
class Mail:
    """A message whose end came. replied: the client was told that it is taken."""
    session: "Session"
    mail: str
    rcpts: list
    data: bytes
    replied: bool = False

    @property
    def sender(self):
        return self.mail.split("<", 1)[1].split(">", 1)[0]

    @property
    def recipients(self):
        return [r.split("<", 1)[1].split(">", 1)[0] for r in self.rcpts]

    @property
    def number(self):
        """The X-Number that senders.py gives each message."""
        for line in self.data.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
            if line.lower().startswith(b"x-number:"):
                return line.split(b":", 1)[1].strip().decode()
        return None


class Cut(Exception):
    """The connection is to close now."""


class Session:
    def __init__(self, server, connection, address, number):
        self.server, self.script, self.number = server, server.script, number
        self.connection, self.address = connection, address
        self.cut_out, self.cut_in = (self.script.cut_out, self.script.cut_in) if number == 0 else (0, 0)
        self.commands, self.tls, self.ended = [], None, False
        self.input, self.sent, self.received = b"", 0, 0
        self.mail, self.rcpts, self.chunks, self.mails, self.authenticated = None, [], b"", 0, False

    def end(self):
        """From another thread: whatever waits there for the client wakes up."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended

    # -- bytes

    def write(self, text):
        data = text.encode()
        if self.cut_out:
            data = data[:self.cut_out - self.sent]
        self.connection.sendall(data)
        self.sent += len(data)
        if self.cut_out and self.sent >= self.cut_out:
            raise Cut

    def read(self):
        want = 65536
        if self.cut_in:
            want = min(want, self.cut_in - self.received)
        data = self.connection.recv(want)
        self.received += len(data)
        if not data or (self.cut_in and self.received >= self.cut_in):
            raise Cut
        self.input += data

    def until(self, mark):
        while mark not in self.input:
            self.read()
        data, self.input = self.input.split(mark, 1)
        return data

    # -- replies

    def answer_to(self, stage):
        reply = self.script.replies.get(stage, ANSWERS.get(stage, "502 5.5.1 what is that?"))
        if isinstance(reply, list):
            with self.server.lock:
                turn = self.server.turns.get(stage, 0)
                self.server.turns[stage] = turn + 1
            reply = reply[min(turn, len(reply) - 1)]
        if callable(reply):
            reply = reply(self)
        return reply

    def reply(self, stage, text=None):
        """The code of the answer, which has been sent."""
        text = text or self.answer_to(stage)
        if self.script.delay_s:
            time.sleep(self.script.delay_s)
        if text == DROP:
            raise Cut
        if text == HANG:
            while True:
                self.read()
        self.write(text.replace("{host}", self.server.host.name) + "\r\n")
        return text[:3]

    def hello(self):
        words = list(self.script.extensions)
        if self.script.tls and not self.tls:
            words.append("STARTTLS")
        if self.script.login:
            words.append("AUTH PLAIN")
        lines = [self.server.host.name] + words
        return "\r\n".join(f"250{'-' if i + 1 < len(lines) else ' '}{line}" for i, line in enumerate(lines))

    # -- the dialogue

    def start_tls(self):
        if self.script.tls == "broken":
            self.connection.sendall(b"this is no handshake\r\n")
            raise Cut
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.script.tls)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.tls, self.input = self.connection.version(), b""

    def run(self):
        if self.script.greets_tls:
            self.start_tls()
        if self.reply("greeting") != "220":
            return
        while True:
            line = self.until(b"\r\n").decode("utf-8", "surrogateescape")
            self.commands.append(line)
            verb = line.split(" ", 1)[0].upper()
            if verb == "QUIT":
                self.reply("QUIT")
                return
            code = getattr(self, "on_" + verb.lower(), self.on_other)(verb, line)
            if code == "421":
                return

    def on_other(self, verb, _line):
        return self.reply(verb)

    def on_ehlo(self, verb, _line):
        self.mail, self.rcpts, self.chunks = None, [], b""
        return self.reply(verb, self.answer_to(verb) or self.hello())

    on_lhlo = on_ehlo

    def on_rset(self, verb, _line):
        self.mail, self.rcpts, self.chunks = None, [], b""
        return self.reply(verb)

    def on_starttls(self, verb, _line):
        code = self.reply(verb)
        if code == "220":
            self.start_tls()
        return code

    def on_auth(self, verb, line):
        words = line.split(" ")
        if len(words) == 2:
            self.reply(verb, "334 ")
            words.append(self.until(b"\r\n").decode())
        given = base64.b64decode(words[2]).split(b"\0")[1:]
        self.authenticated = b":".join(given).decode() == self.script.login
        return self.reply(verb, None if self.authenticated else "535 5.7.8 no")

    def on_mail(self, verb, line):
        if self.script.login and not self.authenticated:
            return self.reply(verb, "530 5.7.0 who are you?")
        if self.script.mails_max and self.mails >= self.script.mails_max:
            return self.reply(verb, "421 4.7.0 that is enough for one connection")
        code = self.reply(verb)
        if code == "250":
            self.mail, self.rcpts = line, []
        return code

    def on_rcpt(self, verb, line):
        self.current = line
        if not self.mail:
            return self.reply(verb, "503 5.5.1 MAIL first")
        code = self.reply(verb)
        if code.startswith("25"):
            self.rcpts.append(line)
        return code

    def on_data(self, verb, _line):
        if not self.rcpts:
            return self.reply(verb, "554 5.5.1 no valid recipients")
        code = self.reply(verb)
        if code != "354":
            return code
        self.input = b"\r\n" + self.input  # so that the dot always follows a line end
        data = self.until(b"\r\n.\r\n") + b"\r\n"
        return self.end_of(data.replace(b"\r\n..", b"\r\n.")[2:])

    def on_bdat(self, verb, line):
        words = line.split(" ")
        while len(self.input) < int(words[1]):
            self.read()
        self.chunks += self.input[:int(words[1])]
        self.input = self.input[int(words[1]):]
        if not self.rcpts:
            return self.reply(verb, "503 5.5.1 no valid recipients")
        if words[2:] != ["LAST"]:
            return self.reply(verb)
        return self.end_of(self.chunks)

    def end_of(self, data):
        """The message is there: one reply, or by LMTP one for each recipient."""
        mail = Mail(self, self.mail, [] if self.script.lmtp else self.rcpts, data)
        self.mails += 1
        for rcpt in self.rcpts if self.script.lmtp else self.rcpts[:1]:
            self.current = rcpt
            text = self.answer_to("body")
            if text.startswith("250"):
                self.server.take(mail, rcpt if self.script.lmtp else None)
            code = self.reply("body", text)
        mail.replied = True
        self.mail, self.rcpts, self.chunks = None, [], b""
        return code


@dataclasses.dataclass
class Socket:
    """In place of a host: a path on this machine."""
    path: str
    name = "localhost"

    @property
    def addresses(self):
        return [self.path]


def listener(address, port):
    if address.startswith("/"):
        s = socket.socket(socket.AF_UNIX)
        s.bind(address)
        os.chmod(address, 0o666)
    else:
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
    s.listen(200)
    return s


class Server:
    """Listens on the host's addresses from its making until close(), which ends its sessions too."""

    def __init__(self, host, script=None, port=25):
        self.host, self.script = host, script or Script()
        self.lock, self.turns = threading.Lock(), {}
        self.mails, self.sessions = [], []
        with world.inside():
            self.listeners = [listener(address, port) for address in host.addresses]

    @property
    def numbers(self):
        return [m.number for m in self.mails]

    def take(self, mail, rcpt):
        if rcpt:
            mail.rcpts.append(rcpt)
        if mail not in self.mails:
            self.mails.append(mail)

    def accept(self, at):
        connection, address = at.accept()
        connection.settimeout(PATIENCE)
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            session = Session(self, connection, address and address[0], len(self.sessions))
            self.sessions.append(session)
        threading.Thread(target=self._run, args=(session,), daemon=True).start()

    def _run(self, session):
        try:
            session.run()
        except (Cut, OSError):  # ssl.SSLError is one of them; what came until then is what counts
            pass
        finally:
            session.connection.close()
            session.ended = True

    def close(self):
        for one in self.listeners:
            one.close()
        for session in self.sessions:
            session.end()


class Doorman:
    """Accepts for all servers in one thread."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        threading.Thread(target=self._run, daemon=True).start()

    def add(self, server):
        for one in server.listeners:
            self.selector.register(one, selectors.EVENT_READ, server)
        return server

    def remove(self, server):
        for one in server.listeners:
            self.selector.unregister(one)
        server.close()

    def _run(self):
        while True:
            for key, _ in self.selector.select(0.2):
                try:
                    key.data.accept(key.fileobj)
                except (OSError, ValueError):
                    pass  # closed meanwhile
