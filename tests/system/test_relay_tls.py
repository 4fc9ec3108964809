"""Mail to next hops under TLS, with a password, by LMTP, against servers of Python's ssl."""
import base64
import os
import pathlib
import smtplib
import socketserver
import ssl
import subprocess
import tempfile
import threading
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until

TEXT = b"Subject: under TLS\r\n\r\nhello\r\n"


class Session(socketserver.StreamRequestHandler):
    """Agrees to all but the wrong password; offers TLS when the hop has a certificate."""

    def begin_tls(self):
        self.connection = self.server.hop.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.is_secure = True

    def reply(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def handle(self):
        self.is_secure = False
        try:
            if self.server.hop.implicit:
                self.begin_tls()
            self.converse()
        except (OSError, ValueError):
            pass

    def converse(self):
        hop = self.server.hop
        recipients = []
        self.reply("220 hop.test")
        while line := self.rfile.readline():
            verb, _, argument = line.decode("latin-1").strip().partition(" ")
            verb = verb.upper()
            if verb in ("EHLO", "LHLO"):
                offers = ["STARTTLS"] if hop.context and not self.is_secure else []
                offers += ["AUTH PLAIN"] if self.is_secure else []
                self.reply("\r\n".join(f"250-{o}" for o in ["hop.test", *offers]) + "\r\n250 PIPELINING")
            elif verb == "STARTTLS":
                self.reply("220 2.0.0 go")
                self.begin_tls()
            elif verb == "AUTH":
                is_right = base64.b64decode(argument.split()[1]) == b"\0us\0secret word"
                hop.logins.append(is_right)
                self.reply("235 2.7.0 welcome" if is_right else "535 5.7.8 no")
            elif verb == "RCPT":
                recipients.append(argument[argument.index("<") + 1:argument.index(">")])
                self.reply("250 2.1.5 fine")
            elif verb == "DATA":
                self.reply("354 go on")
                self.take_body(recipients)
                recipients = []
            elif verb == "QUIT":
                self.reply("221 2.0.0 bye")
                return
            else:
                self.reply("250 2.0.0 fine")

    def take_body(self, recipients):
        hop = self.server.hop
        size, line = 0, b""
        while line != b".\r\n":
            line = self.rfile.readline()
            if not line:
                raise OSError("half a message")
            size += len(line)
        with hop.changed:
            hop.mails.append((recipients, self.is_secure, size))
            hop.changed.notify_all()
        for _ in recipients if hop.is_lmtp else [1]:
            self.reply("250 2.0.0 taken")


class Hop:
    def __init__(self, certificate=None, implicit=False, path=None):
        self.implicit, self.is_lmtp = implicit, path is not None
        self.mails, self.logins = [], []
        self.changed = threading.Condition()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
        kind = socketserver.ThreadingUnixStreamServer if path else socketserver.ThreadingTCPServer
        self.server = kind(path or ("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.server.hop = self
        self.port = None if path else self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, count=1):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.mails) >= count, 20):
                raise TimeoutError("no mail")
            return self.mails


def certify(path, address):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=hop", "-addext", f"subjectAltName=IP:{address}",
                    "-keyout", f"{path}.key", "-out", f"{path}.pem"], check=True, capture_output=True)


class RelayTls(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        os.chmod(cls.folder.name, 0o755)
        cls.files = pathlib.Path(cls.folder.name)
        certify(cls.files / "right", "127.0.0.1")
        certify(cls.files / "wrong", "192.0.2.1")
        (cls.files / "authorities").write_text((cls.files / "right.pem").read_text() +
                                               (cls.files / "wrong.pem").read_text())
        (cls.files / "password").write_text("secret word\n")
        (cls.files / "password").chmod(0o600)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def hop(self, certificate=None, **options):
        hop = Hop(certificate and self.files / certificate, **options)
        self.addCleanup(hop.stop)
        return hop

    def route(self, target, more=""):
        self.mail.write_configuration(f'tls {{ ca_file = "{self.files}/authorities" }}\n'
                                      f'route "*" {{ host = "{target}" {more} }}')
        self.mail.mailctl("reload", "queued")
        self.addCleanup(self.mail.mailctl, "queue", "delete", "--all", check=False)

    def is_accepted(self, recipients, text):
        """Not in the moment when one queue gives its spool to the next."""
        with smtplib.SMTP("127.0.0.1", self.mail.ports["submission"], "client.test", 20) as client:
            client.starttls(context=self.mail.tls())
            client.login("anna@mailcore.test", PASSWORD)
            try:
                client.sendmail("anna@mailcore.test", recipients, text)
            except smtplib.SMTPDataError as error:
                if error.smtp_code != 451:
                    raise
                return False
        return True

    def submit(self, *recipients, text=TEXT):
        wait_until(lambda: self.is_accepted(recipients, text), 20, "the queue")

    def last_reply(self):
        replies = [r["reply"] for m in self.mail.mailctl_json("queue", "list") for r in m["recipients"]]
        return replies[0] if replies else ""

    def wait_refused(self, words):
        wait_until(lambda: words in self.last_reply(), 20, words)

    def test_opportunistic(self):
        hop = self.hop("wrong")
        self.route("[127.0.0.1]", f"port = {hop.port}")
        self.submit("x@far.example")
        self.assertTrue(hop.wait()[0][1])

    def test_none(self):
        hop = self.hop("right")
        self.route("[127.0.0.1]", f"port = {hop.port} tls = none")
        self.submit("x@far.example")
        self.assertFalse(hop.wait()[0][1])

    def test_verified(self):
        hop = self.hop("right")
        self.route("[127.0.0.1]", f"port = {hop.port} tls = verified")
        self.submit("x@far.example")
        self.assertTrue(hop.wait()[0][1])

    def test_verified_but_another_certificate(self):
        hop = self.hop("wrong")
        self.route("[127.0.0.1]", f"port = {hop.port} tls = verified")
        self.submit("x@far.example")
        self.wait_refused("IP address mismatch")
        self.assertEqual(hop.mails, [])

    def test_required_but_not_offered(self):
        hop = self.hop()
        self.route("[127.0.0.1]", f"port = {hop.port} tls = required")
        self.submit("x@far.example")
        self.wait_refused("does not offer TLS")
        self.assertEqual(hop.mails, [])

    def test_password_under_implicit_tls(self):
        hop = self.hop("right", implicit=True)
        self.route("[127.0.0.1]", f'port = {hop.port} tls = implicit user = "us" '
                                  f'password_file = "{self.files}/password"')
        self.submit("x@far.example", text=b"Subject: large\r\n\r\n" + b".line\r\n" * 100000)
        recipients, is_secure, size = hop.wait()[0]
        self.assertEqual(recipients, ["x@far.example"])
        self.assertTrue(is_secure)
        self.assertGreater(size, 800000)
        self.assertEqual(hop.logins, [True])

    def test_lmtp_on_a_unix_socket(self):
        path = str(self.files / "lmtp")
        hop = self.hop(path=path)
        os.chmod(path, 0o600)
        self.route(f"unix:{path}", "protocol = lmtp")
        self.submit("x@far.example", "y@far.example")
        self.assertEqual(sorted(hop.wait()[0][0]), ["x@far.example", "y@far.example"])
        wait_until(lambda: self.last_reply() == "", 20, "an empty queue")


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class RelayTlsLockedIn(RelayTls):
    """The same with users, chroot and filters: what relay needs of files is handed to it."""
    ISOLATION = "full"


if __name__ == "__main__":
    unittest.main()
