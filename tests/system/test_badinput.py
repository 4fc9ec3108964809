"""What broken and hostile peers send: a clear answer, nothing lost, nobody down."""
import concurrent.futures
import os
import socket
import time
import unittest

from base import SystemTest
from instance import PASSWORD


class BadInput(SystemTest):
    OPTIONS = "recipients_max = 1000\nsmtp_errors_max = 20\nlogin_failure_delay = 0s\n"

    def setUp(self):
        self.before = {d: p.pid for d, p in self.mail.processes.items()}
        self.roles = {d: self.mail.children(d) for d in self.mail.processes}

    def tearDown(self):
        """Nobody went down: the same monitors with the same fronts, auth and keys."""
        self.assertEqual(self.before, {d: p.pid for d, p in self.mail.processes.items()})
        for daemon, roles in self.roles.items():
            now = self.mail.children(daemon)
            for role in ("front", "auth", "keys", "queue"):
                self.assertEqual(roles.get(role), now.get(role), f"{daemon} {role}")

    def talk(self, service, data, tls=False, shut=True):
        """Everything a server answers to data until it closes."""
        s = self.mail.connect(service)
        if tls:
            s = self.mail.tls().wrap_socket(s, server_hostname="localhost")
        got = b""
        try:
            s.sendall(data)
            if shut and not tls:
                s.shutdown(socket.SHUT_WR)
            while chunk := s.recv(65536):
                got += chunk
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            pass
        s.close()
        return got

    def test_smtp_lines(self):
        for data, answer in (
                (b"EHLO " + b"x" * 100_000 + b"\r\nQUIT\r\n", b"500"),
                (b"EHLO x\nQUIT\r\n", b"500"),
                (b"EHLO x\rNOOP\r\nQUIT\r\n", b"500"),
                (b"NO\0OP\r\nQUIT\r\n", b"500"),
                (b"FOO\r\nQUIT\r\n", b"500"),
                (b"MAIL FROM:<a@b>\r\nQUIT\r\n", b"503"),
                (b"EHLO x\r\nRCPT TO:<anna@mailcore.test>\r\nQUIT\r\n", b"503")):
            self.assertIn(b"\r\n" + answer, self.talk("smtp", data), data[:40])

    def test_binary_noise(self):
        """All at once: smtpd answers faults ever more slowly, on purpose."""
        plain = ["smtp", "submission", "imap", "pop3"] * 3
        below_tls = ["submissions", "imaps", "pop3s"]
        with concurrent.futures.ThreadPoolExecutor(len(plain) + 2 * len(below_tls)) as pool:
            done = [pool.submit(self.talk, service, os.urandom(20_000)) for service in plain + below_tls]
            done += [pool.submit(self.talk, service, os.urandom(20_000), tls=True) for service in below_tls]
            for answer in done:
                answer.result(60)

    def test_half_closed_and_silent(self):
        for service in ("smtp", "imap", "pop3", "imaps", "submissions"):
            self.talk(service, b"")

    def test_too_many_errors_end_the_session(self):
        got = self.talk("smtp", b"BOGUS\r\n" * 200, shut=False)
        self.assertLess(got.count(b"\r\n"), 60)
        self.assertIn(b"421", got)

    def test_smuggling_is_refused(self):
        head = b"EHLO x\r\nMAIL FROM:<a@else.test>\r\nRCPT TO:<anna@mailcore.test>\r\nDATA\r\n"
        for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"):
            inner = b"Subject: smuggled\r\n\r\nx" + end + b"MAIL FROM:<evil@else.test>\r\n"
            got = self.talk("smtp", head + inner + b"\r\n.\r\nQUIT\r\n")
            self.assertNotIn(b"503", got)
            self.assertRegex(got, rb"\r\n55[0-9][^\r]*\r\n221")

    def test_commands_injected_before_starttls_are_dropped(self):
        for service, first, ready in (("smtp", b"STARTTLS\r\nEHLO injected\r\n", b"220"),
                                      ("imap", b"a STARTTLS\r\nb NOOP\r\n", b"a OK"),
                                      ("pop3", b"STLS\r\nNOOP\r\n", b"+OK")):
            s = self.mail.connect(service)
            f = s.makefile("rb", buffering=0)
            f.readline()
            if service == "smtp":
                s.sendall(b"EHLO x\r\n")
                while not f.readline().startswith(b"250 "):
                    pass
            s.sendall(first)
            self.assertIn(ready, f.readline())
            t = self.mail.tls().wrap_socket(s, server_hostname="localhost")
            t.settimeout(1)
            with self.assertRaises(TimeoutError, msg=f"{service} answered what came in plaintext"):
                t.recv(4096)
            t.close()

    def test_ten_thousand_recipients(self):
        s = self.mail.connect("smtp", 60)
        f = s.makefile("rb")
        s.sendall(b"EHLO x\r\nMAIL FROM:<a@else.test>\r\n")
        codes = []
        while not f.readline().startswith(b"250 "):
            if len(codes) > 100:
                break
        while True:
            line = f.readline()
            if line.startswith(b"250 "):
                break
        for _ in range(100):
            s.sendall(b"RCPT TO:<anna@mailcore.test>\r\n" * 100)
            codes += [f.readline()[:3] for _ in range(100)]
        self.assertEqual(codes.count(b"250"), 1000)
        self.assertEqual(codes.count(b"452"), 9000)
        s.sendall(b"RSET\r\nQUIT\r\n")
        self.assertTrue(f.readline().startswith(b"250"))
        s.close()

    def test_message_too_large(self):
        got = self.talk("smtp", b"EHLO x\r\nMAIL FROM:<a@else.test> SIZE=99999999999\r\nQUIT\r\n")
        self.assertIn(b"552", got)

    def test_imap_before_login(self):
        got = self.talk("imap", b"a LOGIN {999999999}\r\n")
        self.assertRegex(got, rb"(a (NO|BAD)|\* BYE)")
        got = self.talk("imap", b"a LOGIN {99999+}\r\n" + b"x" * 100_000 + b"\r\n")
        self.assertRegex(got, rb"(a (NO|BAD)|\* BYE)")
        got = self.talk("imap", b"a " + b"x" * 100_000 + b"\r\n")
        self.assertRegex(got, rb"(BAD|\* BYE)")
        got = self.talk("imap", b"a LOGIN ((((((((((((((((\r\nb NOOP\r\n")
        self.assertIn(b"a BAD", got)

    def test_imap_after_login(self):
        client = self.mail.imap("anna")
        try:
            client.send(b"x1 APPEND INBOX {999999999999}\r\n")
            self.assertRegex(client.readline(), rb"x1 (NO|BAD)")
            client.send(b"x2 FETCH 1 (BODY[" + b"1." * 5000 + b"1])\r\n")
            self.assertRegex(client.readline(), rb"x2 (NO|BAD)")
            client.send(b"x3 SEARCH " + b"NOT (" * 5000 + b"ALL" + b")" * 5000 + b"\r\n")
            self.assertRegex(client.readline(), rb"x3 (NO|BAD)")
            client.send(b"x4 SELECT \"a\0b\"\r\n")
            self.assertRegex(client.readline(), rb"(x4|\*) BAD")
            self.assertEqual(client.noop()[0], "OK")
        finally:
            client.shutdown()

    def test_pop3_bad_arguments(self):
        client = self.mail.pop3("bert")
        for command in ("RETR 0", "RETR 99999999999999999999", "RETR -1", "RETR x", "DELE", "TOP 1", "LIST 77",
                        "UIDL 1 2", "XYZZY", "RETR " + "1" * 5000):
            with self.assertRaises(Exception, msg=command):
                client._shortcmd(command)
        self.assertTrue(client.noop().startswith(b"+OK"))
        client.quit()

    def test_password_with_every_byte(self):
        secret = 'p"\\ä %{}'
        self.mail.mailctl("account", "add", "odd@mailcore.test", stdin=secret + "\n")
        client = self.mail.pop3("odd@mailcore.test", secret) if secret.isascii() else None
        imap = self.mail.tls().wrap_socket(self.mail.connect("imaps"), server_hostname="localhost")
        f = imap.makefile("rb")
        f.readline()
        raw = secret.encode()
        imap.sendall(b"a LOGIN odd@mailcore.test {%d+}\r\n%s\r\n" % (len(raw), raw))
        self.assertIn(b"a OK", f.readline())
        imap.close()
        if client:
            client.quit()


class SlowClients(SystemTest):
    """Octets that come one by one keep nothing open."""
    OPTIONS = "smtp_timeout = 2s\nlogin_timeout = 2s\n"

    def dribble(self, service, start, octet):
        """Seconds until the server ends it, and its last words."""
        s = self.mail.connect(service)
        s.settimeout(0.2)
        s.sendall(start)
        began, got = time.monotonic(), b""
        with s:
            while time.monotonic() - began < 10:
                try:
                    s.sendall(octet)
                    chunk = s.recv(65536)
                    if not chunk:
                        break
                    got += chunk
                except TimeoutError:
                    continue
                except OSError:
                    break
        return time.monotonic() - began, got

    def test_slow_commands_data_and_handshakes_end(self):
        data = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<anna@mailcore.test>\r\nDATA\r\n"
        for service, start, octet, last in (
                ("smtp", b"", b"x", b"421 4.4.2"), ("smtp", b"x" * 2000, b"x", b"421 4.4.2"),
                ("smtp", data, b"x", b"421 4.4.2"), ("submissions", b"\x16\x03\x01\x10\x00", b"\x01", b""),
                ("imap", b"a ", b"x", b"* BYE"), ("imaps", b"\x16\x03\x01\x10\x00", b"\x01", b""),
                ("pop3", b"US", b"x", b"-ERR"), ("pop3s", b"\x16\x03\x01\x10\x00", b"\x01", b"")):
            with self.subTest(service=service, start=start):
                seconds, got = self.dribble(service, start, octet)
                self.assertLess(seconds, 6, got)
                self.assertIn(last, got)


class WrongConfiguration(unittest.TestCase):
    CASES = [
        ('colour = "red"\n', "colour"),
        ("message_size_limit = 12 furlongs\n", "message_size_limit"),
        ("recipients_max = 5\n", "recipients_max"),
        ('isolation = sometimes\n', "isolation"),
        ('listen "x" { service = "gopher" port = 70 }\n', "service"),
        ('domain "mailcore.test" { accounts = database }\n', "domain"),
        ('listen "y" {\n', "listen"),
        ('tls } {\n', "tls"),
    ]

    def test_each_error_names_file_line_option_and_reason(self):
        from instance import Instance
        mail = Instance(os.environ["MAILCORE_BUILD"], users=())
        try:
            lines = mail.conf.read_text().count("\n")
            for text, option in self.CASES:
                mail.write_configuration(text)
                for command in ("check",):
                    done = mail.mailctl("config", command, check=False)
                    self.assertNotEqual(done.returncode, 0, text)
                    self.assertRegex(done.stdout + done.stderr, rf"mailcore\.conf:\d+: .*({option})", text)
                mail.start_one("smtpd")
                self.assertNotEqual(mail.processes["smtpd"].wait(10), 0, text)
                self.assertGreater(lines, 0)
        finally:
            mail.close()


if __name__ == "__main__":
    unittest.main()
