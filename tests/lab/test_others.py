"""Mail to servers that people run: once, whole."""
import hashlib
import re
import unittest

import servers
import world
from certs import tlsa_spki
from lab import LabTest
from names import OPEN, SIGNED
from senders import Route, wait_until

BODIES = {"short": b"hello\r\n", "dots": b".\r\n..\r\n.a\r\n\r\n.\r\n" * 200,
          "long": b"".join(b"line %d %s\r\n" % (i, b"x" * (i % 80)) for i in range(40000))}


def body_of(text):
    """As it was before a Maildir changed its line ends."""
    return re.split(rb"\r?\n\r?\n", text, maxsplit=1)[1].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Receivers(LabTest):
    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.hosts = {name: n.site(f"by-{name}.{OPEN}") for name in ("postfix", "postfix-utf8", "opensmtpd", "sink")}
        cls.dane = n.site(f"by-postfix.{SIGNED}")
        cls.cert, cls.key = lab.certs.self_signed(cls.dane.name)
        n.tlsa(cls.dane, "3 1 1 " + tlsa_spki(cls.cert))
        cls.smarthost = n.host(f"smart-postfix.{OPEN}")
        lab.routes.append(Route(f"by-login.{OPEN}", host=cls.smarthost.name, port=587, tls="verified",
                                login="we:not, so = secret"))

    def started(self, server, address, port=25):
        self.addCleanup(server.close)
        wait_until(lambda: world.accepts(address, port), 20, "the server")
        return server

    def relay_all(self, server, domain):
        sent = {}
        for name, body in BODIES.items():
            number = self.sender.submit(f"{name}@{domain}", body=body)
            sent[number] = hashlib.sha256(body).hexdigest()
        self.wait_gone(*[f"{name}@{domain}" for name in BODIES])
        wait_until(lambda: len(server.mails()) == len(sent), 20, "all to be in the mailbox")
        got = {number: [hashlib.sha256(body_of(t)).hexdigest() for t in texts] for number, texts in server.mails().items()}
        self.assertEqual(got, {number: [digest] for number, digest in sent.items()})

    def test_postfix(self):
        host, domain = self.hosts["postfix"], f"by-postfix.{OPEN}"
        server = servers.Postfix(self.lab.dir / "postfix", self.lab.roots, (host.v4, 25), host.name, [domain],
                                 "smtputf8_enable = no")
        self.relay_all(self.started(server, host.v4), domain)

    def test_postfix_in_another_script(self):
        host, domain = self.hosts["postfix-utf8"], f"by-postfix-utf8.{OPEN}"
        server = self.started(servers.Postfix(self.lab.dir / "postfix-utf8", self.lab.roots, (host.v4, 25), host.name,
                                              [domain]), host.v4)
        recipient = f"\u7528\u6237@{domain}"
        number = self.sender.submit(recipient, mail_options=["SMTPUTF8"], fields="X-Colour: gr\u00fcn\r\n")
        self.wait_gone(recipient)
        (text,), = wait_until(server.mails, 20, "it to be in the mailbox").values()
        self.assertIn(f"X-Number: {number}".encode(), text)
        self.assertIn(f"\nDelivered-To: {recipient}\n".encode(), text)
        self.assertIn("\nX-Colour: gr\u00fcn\n".encode(), text)

    def test_postfix_by_dane(self):
        host, domain = self.dane, f"by-postfix.{SIGNED}"
        server = servers.Postfix(self.lab.dir / "postfix-dane", self.lab.roots, (host.v4, 25), host.name, [domain],
                                 "smtpd_tls_security_level = encrypt\n"
                                 f"smtpd_tls_cert_file = {self.cert}\nsmtpd_tls_key_file = {self.key}\n")
        self.relay_all(self.started(server, host.v4), domain)

    def login(self, name, password):
        """A smarthost that lets in who knows the password, and its log."""
        host, folder = self.smarthost, self.lab.dir / name
        cert, key = self.lab.certs.signed(host.name)
        server = self.started(servers.Postfix(
            folder, self.lab.roots, (host.v4, 587), host.name, [f"by-login.{OPEN}"],
            f"smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {cert}\nsmtpd_tls_key_file = {key}\n"
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth\n"
            "smtpd_relay_restrictions = permit_sasl_authenticated, reject\n"), host.v4, 587)
        auth = servers.DovecotAuth(folder / "dovecot", self.lab.roots, folder / "spool/private/auth", {"we": password})
        self.addCleanup(auth.close)
        wait_until((folder / "spool/private/auth").exists, 20, "Dovecot")
        return server

    def test_postfix_by_scram(self):
        if self.sender.name != "mailcore":
            self.skipTest("mailcore only")
        server = self.login("postfix-scram", "not, so = secret")
        self.relay_all(server, f"by-login.{OPEN}")
        log = server.log.read_text()
        self.assertRegex(log, "sasl_method=SCRAM-SHA-256, sasl_username=we\n")
        self.assertNotIn("sasl_method=PLAIN", log)

    def test_opensmtpd(self):
        """It has no PIPELINING, and closes on who sends early."""
        host, domain = self.hosts["opensmtpd"], f"by-opensmtpd.{OPEN}"
        server = servers.OpenSmtpd(self.lab.dir / "opensmtpd", self.lab.roots, (host.v4, 25), host.name, [domain])
        self.relay_all(self.started(server, host.v4), domain)

    def test_smtp_sink(self):
        host = self.hosts["sink"]
        server = self.started(servers.Sink(self.lab.dir / "sink", self.lab.roots, (host.v4, 25)), host.v4)
        recipients = [f"u{i}@by-sink.{OPEN}" for i in range(300)]
        self.sender.submit_many([[r] for r in recipients])
        self.wait_gone(*recipients, seconds=60)
        wait_until(lambda: server.count() >= 300, 10, "300 counted")
        self.assertEqual(server.count(), 300)


if __name__ == "__main__":
    unittest.main()
