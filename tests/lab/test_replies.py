"""Servers that say no, not yet, too much, or nothing any more."""
import time
import unittest

from lab import LabTest
from names import OPEN
from scripted import DROP, PLAIN, Script, Socket
from senders import Route

STAGES = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "body"]


class Refusals(LabTest):
    @classmethod
    def declare(cls, lab):
        cls.sites = {(stage, kind): lab.names.site(f"{kind}-{stage.lower()}.{OPEN}")
                     for stage in STAGES for kind in ("temporary", "permanent", "lost")}
        cls.some = lab.names.site(f"some.{OPEN}")
        cls.grey = lab.names.site(f"grey.{OPEN}")

    def once(self, stage, reply):
        """The first time that, then as it should be."""
        good = {"greeting": "220 {host}", "DATA": "354 go on", "EHLO": ""}.get(stage, "250 ok")
        return Script(replies={stage: [reply, good], "HELO": reply})

    def test_4xx_at_each_stage(self):
        """It is tried again, and then delivered, once."""
        servers = {}
        for stage in STAGES:
            reply = f"4{51 if stage != 'greeting' else 21} 4.7.1 not now, at {stage}"
            servers[stage] = self.serve(self.sites[stage, "temporary"], self.once(stage, reply))
            self.sender.submit(f"x@temporary-{stage.lower()}.{OPEN}")
        for stage, server in servers.items():
            with self.subTest(stage):
                self.assert_delivered(server, f"x@temporary-{stage.lower()}.{OPEN}")
                self.assertGreaterEqual(server.turns[stage], 2)

    def test_5xx_at_each_stage(self):
        """The sender is told in the server's words; nothing is delivered."""
        servers = {}
        for stage in STAGES:
            no = "550 5.7.1 we do not like it, at "
            servers[stage] = self.serve(self.sites[stage, "permanent"], Script(
                replies={stage: no + stage, "HELO": no + "EHLO"}))
            self.sender.submit(f"x@permanent-{stage.lower()}.{OPEN}")
        for stage, server in servers.items():
            with self.subTest(stage):
                self.assert_returned(f"x@permanent-{stage.lower()}.{OPEN}", "5.7.1", f"at {stage}")
                self.assertEqual(server.mails, [])

    def test_connection_lost_at_each_stage(self):
        servers = {}
        for stage in STAGES:
            servers[stage] = self.serve(self.sites[stage, "lost"], self.once(stage, DROP))
            self.sender.submit(f"x@lost-{stage.lower()}.{OPEN}")
        for stage, server in servers.items():
            with self.subTest(stage):
                self.assert_delivered(server, f"x@lost-{stage.lower()}.{OPEN}")

    def test_some_recipients(self):
        """Each has its own fate."""
        later = []

        def judge(session):
            if "<bad@" in session.current:
                return "550 5.1.1 no such user"
            if "<later@" in session.current and len(later) < 2:
                later.append(session)
                return "452 4.5.3 not you, now"
            return "250 ok"
        server = self.serve(self.some, Script(replies={"RCPT": judge}))
        users = {u: f"{u}@some.{OPEN}" for u in ("good", "bad", "later", "fine")}
        self.sender.submit(*users.values())
        self.assert_returned(users["bad"], "5.1.1", "no such user")
        self.assert_delivered(server, users["good"], users["fine"], users["later"])
        self.assertEqual(sorted(server.mails[0].recipients), [users["fine"], users["good"]])

    def test_greylisting(self):
        """Each pair of sender and recipient is unknown for a second."""
        first = {}

        def judge(session):
            known = first.setdefault((session.mail, session.current.split(" ")[0:2][-1]), time.monotonic())
            return "250 ok" if time.monotonic() - known > 1 else "450 4.7.1 greylisted, come again"
        server = self.serve(self.grey, Script(replies={"RCPT": judge}))
        users = [f"{u}@grey.{OPEN}" for u in "abc"]
        self.sender.submit(*users)
        self.assert_delivered(server, *users)
        self.assertEqual(len(first), 3)


class Capabilities(LabTest):
    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.hosts = {name: n.site(f"{name}.{OPEN}") for name in
                     ("old", "serial", "seven", "tiny", "chunks", "slow", "few", "many")}

    def server(self, name, **script):
        return self.serve(self.hosts[name], Script(**script))

    def to(self, name):
        return f"x@{name}.{OPEN}"

    def test_only_helo(self):
        server = self.server("old", replies={"EHLO": "500 what?"})
        self.sender.submit(self.to("old"))
        self.assert_delivered(server, self.to("old"))
        self.assertNotIn(" SIZE=", server.mails[0].mail + " ")

    def test_without_pipelining(self):
        """No command comes before the answer to the last."""
        early = []

        def look(session):
            if session.input:
                early.append(session.input)
            return "250 ok"
        server = self.server("serial", extensions=("SIZE",), replies={"MAIL": look, "RCPT": look}, delay_s=0.05)
        recipients = [f"{u}@serial.{OPEN}" for u in "abc"]
        self.sender.submit(*recipients)
        self.assert_delivered(server, *recipients)
        self.assertEqual(early, [])

    def test_without_8bitmime(self):
        """The body has octets above 127: no BODY= is said, and not a bit is lost."""
        server = self.server("seven", extensions=("PIPELINING",))
        self.sender.submit(self.to("seven"), body="\u00e4\u00f6\u00fc\r\n".encode(), mail_options=["BODY=8BITMIME"])
        self.assert_delivered(server, self.to("seven"))
        self.assertNotIn("BODY=", server.mails[0].mail)
        if self.sender.name == "mailcore":  # Postfix encodes it again, and breaks signatures
            self.assertIn("\u00e4\u00f6\u00fc\r\n".encode(), server.mails[0].data)

    def test_too_large_for_it(self):
        server = self.server("tiny", extensions=("SIZE 1000",), replies={"MAIL": "552 5.3.4 too large"})
        self.sender.submit(self.to("tiny"), body="x" * 70 + "\r\n" * 1000)
        self.assert_returned(self.to("tiny"), "5.3.4")
        self.assertEqual(server.mails, [])

    def test_chunking(self):
        body = b"0123456789" * 7 + b"\r\n.\r\n..\r\n"
        server = self.server("chunks", extensions=PLAIN + ("CHUNKING",))
        self.sender.submit(self.to("chunks"), body=body * 3000)
        self.assert_delivered(server, self.to("chunks"))
        self.assertEqual(server.mails[0].data.split(b"\r\n\r\n", 1)[1], body * 3000)

    def test_slow(self):
        server = self.server("slow", delay_s=0.7)
        self.sender.submit(self.to("slow"))
        self.assert_delivered(server, self.to("slow"))

    def test_closes_after_some(self):
        """421 to the third MAIL of each connection: more connections, nothing lost or twice."""
        server = self.server("few", mails_max=2)
        recipients = [f"u{i}@few.{OPEN}" for i in range(10)]
        numbers = self.sender.submit_many([[r] for r in recipients])
        self.wait_gone(*recipients, seconds=40)
        self.assertEqual(sorted(server.numbers), sorted(numbers))

    def test_connections_are_used_again(self):
        server = self.server("many")
        numbers = self.sender.submit_many([[f"u{i}@many.{OPEN}"] for i in range(60)])
        self.wait_gone(*[f"u{i}@many.{OPEN}" for i in range(60)])
        self.assertEqual(sorted(server.numbers), sorted(numbers))
        if self.sender.name == "mailcore":
            self.assertLessEqual(len(server.sessions), self.sender.CONNECTIONS_MAX)


class Scripts(LabTest):
    """Addresses and headers that are not ASCII (RFC 6531)."""
    FIELD = "X-Colour: gr\u00fcn\r\n"
    OPTIONS = ["SMTPUTF8", "BODY=8BITMIME"]
    WITHOUT = ("PIPELINING", "8BITMIME")

    @classmethod
    def declare(cls, lab):
        cls.hosts = {name: lab.names.site(f"script-{name}.{OPEN}") for name in ("takes", "takes-not", "header", "ascii")}
        cls.idn = lab.names.site(f"xn--bcher-kva.{OPEN}")

    def test_addresses(self):
        server = self.serve(self.hosts["takes"])
        recipient = f"Gr\u00fcn@script-takes.{OPEN}"
        self.sender.submit(recipient, mail_options=self.OPTIONS)
        self.assert_delivered(server, recipient)
        self.assertIn(" SMTPUTF8", server.mails[0].mail)

    def test_addresses_need_smtputf8(self):
        server = self.serve(self.hosts["takes-not"], Script(extensions=self.WITHOUT))
        recipient = f"gr\u00fcn@script-takes-not.{OPEN}"
        self.sender.submit(recipient, mail_options=self.OPTIONS)
        self.assert_returned(recipient, "5.6.7")
        self.assertEqual(server.mails, [])

    def test_headers_need_smtputf8(self):
        server = self.serve(self.hosts["header"], Script(extensions=self.WITHOUT))
        recipient = f"x@script-header.{OPEN}"
        self.sender.submit(recipient, mail_options=self.OPTIONS, fields=self.FIELD)
        notice = self.assert_returned(recipient, "5.6.7")
        self.assertIn("gr\u00fcn".encode(), notice.raw)
        self.assertEqual(server.mails, [])

    def test_what_is_ascii_does_not(self):
        """Whatever MAIL said; and a header with octets that nothing was said of goes as it is."""
        server = self.serve(self.hosts["ascii"], Script(extensions=self.WITHOUT))
        recipients = [f"{u}@script-ascii.{OPEN}" for u in "xy"]
        self.sender.submit(recipients[0], mail_options=self.OPTIONS, body="gr\u00fcn\r\n")
        self.sender.submit(recipients[1], fields=self.FIELD)
        self.assert_delivered(server, *recipients)
        self.assertEqual([m.mail for m in server.mails if "SMTPUTF8" in m.mail], [])

    def test_domains_do_not(self):
        """The host has an A-label, which needs nothing."""
        if self.sender.name != "mailcore":  # Postfix: "SMTPUTF8 is required"
            self.skipTest("mailcore only")
        server = self.serve(self.idn, Script(extensions=self.WITHOUT))
        self.sender.submit(f"x@B\u00fccher.{OPEN}", mail_options=self.OPTIONS)
        self.assert_delivered(server, f"x@xn--bcher-kva.{OPEN}")


class Vanity(LabTest):
    """A thousand domains at one provider are one destination."""
    ONLY = "mailcore"
    DOMAINS = 1000

    @classmethod
    def declare(cls, lab):
        cls.host = lab.names.host(f"mx.provider.{OPEN}")
        for i in range(cls.DOMAINS):
            lab.names.mx(f"v{i}.{OPEN}", cls.host)

    def test_few_connections(self):
        open_now, most = [], []

        def look(session):
            open_now.append(session)
            most.append(sum(not s.ended for s in server.sessions))
            return "250 ok"
        server = self.serve(self.host, Script(replies={"MAIL": look}))
        recipients = [f"x@v{i}.{OPEN}" for i in range(self.DOMAINS)]
        self.sender.submit_many([recipients[i:i + 10] for i in range(0, self.DOMAINS, 10)])
        self.wait_gone(*recipients, seconds=60)
        self.assertEqual(sorted(r for m in server.mails for r in m.recipients), sorted(recipients))
        self.assertLessEqual(max(most), self.sender.CONNECTIONS_MAX)
        self.assertLessEqual(len(server.sessions), 4 * self.sender.CONNECTIONS_MAX)


class Down(LabTest):
    @classmethod
    def declare(cls, lab):
        cls.host = lab.names.site(f"down.{OPEN}")

    def test_one_message_probes(self):
        """Fifty wait for a host that is down for some seconds: they do not all knock, and
        all get there when it is up."""
        refused = []

        def greet(_session):
            if not refused or time.monotonic() - refused[0] < 3:
                refused.append(time.monotonic())
                return "421 4.3.2 going down"
            return "220 {host}"
        server = self.serve(self.host, Script(replies={"greeting": greet}))
        recipients = [f"u{i}@down.{OPEN}" for i in range(50)]
        numbers = self.sender.submit_many([[r] for r in recipients])
        self.wait_gone(*recipients, seconds=60)
        self.assertEqual(sorted(server.numbers), sorted(numbers))
        self.assertLessEqual(len(refused), 25)


class Lmtp(LabTest):
    @classmethod
    def declare(cls, lab):
        cls.host = lab.names.host(f"lmtp.{OPEN}")
        lab.routes.append(Route(f"boxes.{OPEN}", host=cls.host.name, port=24, lmtp=True))
        cls.socket = Socket(str(lab.dir / "lmtp"))
        lab.routes.append(Route(f"socket.{OPEN}", host="unix:" + cls.socket.path, lmtp=True))

    def check(self, server, domain):
        """A reply to each recipient, and to each what is his."""
        seen = []

        def judge(session):
            seen.append(session.current)
            if "<full@" in session.current:
                return "552 5.2.2 mailbox is full"
            if "<later@" in session.current and sum("<later@" in s for s in seen) < 2:
                return "451 4.2.0 locked"
            return "250 ok"
        server.script.replies.update({"body": judge, "EHLO": "500 this is LMTP"})
        users = {u: f"{u}@{domain}" for u in ("good", "full", "later")}
        self.sender.submit(*users.values())
        self.assert_returned(users["full"], "5.2.2", "mailbox is full")
        self.assert_delivered(server, users["good"], users["later"])
        self.assertTrue(server.sessions[0].commands[0].startswith("LHLO "))

    def test_over_tcp(self):
        self.check(self.serve(self.host, Script(lmtp=True), port=24), f"boxes.{OPEN}")

    def test_over_a_socket(self):
        self.check(self.serve(self.socket, Script(lmtp=True)), f"socket.{OPEN}")


if __name__ == "__main__":
    unittest.main()
