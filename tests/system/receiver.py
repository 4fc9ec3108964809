"""A mail host of somebody else, which answers what a test wants."""
import socket
import socketserver
import threading


class Session(socketserver.StreamRequestHandler):
    def reply(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def answer(self, verb, argument, default):
        """What the receiver's rule says, or the default; None: no reply, the connection ends."""
        rule = self.server.receiver.rules.get(verb)
        return rule(argument) if rule else default

    def handle(self):
        receiver = self.server.receiver
        with receiver.changed:
            receiver.connections += 1
            receiver.n_open += 1
            receiver.most_open = max(receiver.most_open, receiver.n_open)
        try:
            self.converse()
        except (OSError, ValueError):
            pass
        with receiver.changed:
            receiver.n_open -= 1
            receiver.changed.notify_all()

    def converse(self):
        greeting = self.answer("GREETING", "", "220 receiver.test ESMTP")
        if greeting is None:
            return
        self.reply(greeting)
        sender, recipients = None, []
        while line := self.rfile.readline():
            verb, _, argument = line.decode("latin-1").strip().partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                self.reply("221 2.0.0 bye")
                return
            reply = self.answer(verb, argument, {
                "EHLO": "250-receiver.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES",
                "DATA": "354 go on"}.get(verb, "250 2.0.0 fine"))
            if reply is None:
                return
            if verb == "DATA" and not recipients:
                reply = "503 5.5.1 no recipients"
            self.reply(reply)
            if verb == "MAIL":
                sender, recipients = argument, []
            elif verb == "RCPT" and reply.startswith("2"):
                recipients.append(argument[argument.index("<") + 1:argument.index(">")])
            elif verb == "DATA" and reply.startswith("354"):
                if not self.take_body(sender, recipients):
                    return
                sender, recipients = None, []
            if reply.startswith("421"):
                return

    def take_body(self, sender, recipients):
        body = b""
        while not body.endswith(b"\r\n.\r\n"):
            line = self.rfile.readline()
            if not line:
                return False
            body += line
        reply = self.answer("END", body, "250 2.0.0 taken")
        if reply is None:
            return False
        if reply.startswith("2"):
            receiver = self.server.receiver
            with receiver.changed:
                receiver.mails.append((sender, recipients, body[:-3]))
                receiver.changed.notify_all()
        self.reply(reply)
        return not reply.startswith("421")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 200


class Receiver:
    """rules: verb (also GREETING, END) -> function of the argument that gives the reply."""

    def __init__(self, port=0):
        self.rules = {}
        self.mails = []
        self.connections = self.n_open = self.most_open = 0
        self.changed = threading.Condition()
        self.port = port
        self.server = None
        if not port:
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                self.port = s.getsockname()[1]

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Session)
        self.server.receiver = self
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def recipients(self):
        with self.changed:
            return sorted(r for _, recipients, _ in self.mails for r in recipients)

    def wait_mails(self, count, seconds=20):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.mails) >= count, seconds):
                raise TimeoutError(f"{len(self.mails)} of {count} mails within {seconds} s")
            return list(self.mails)
