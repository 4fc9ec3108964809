"""Mail that leaves the host, to receivers that do what a test wants."""
import shutil
import signal
import smtplib
import threading
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until
from receiver import Receiver

TEXT = b"Subject: for far away\r\n\r\nhello\r\n"


class Relay(SystemTest):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)
        self.route(f'route "*" {{ host = "[127.0.0.1]" port = {self.receiver.port} }}')

    def route(self, options):
        self.mail.write_configuration(options)
        self.mail.mailctl("reload", "queued")
        self.addCleanup(self.mail.mailctl, "queue", "delete", "--all", check=False)

    def submit(self, *recipients, text=TEXT, **options):
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("anna@mailcore.test", PASSWORD)
            wait_until(lambda: self.accepted(client, recipients, text, options), 20, "the queue")

    @staticmethod
    def accepted(client, recipients, text, options):
        """Not in the moment when one queue gives its spool to the next."""
        try:
            client.sendmail("anna@mailcore.test", recipients, text, **options)
        except smtplib.SMTPDataError as error:
            if error.smtp_code != 451:
                raise
            return False
        return True

    def queued(self):
        return {r["address"]: r for m in self.mail.mailctl_json("queue", "list") for r in m["recipients"]}

    def wait_empty(self):
        wait_until(lambda: not self.queued(), 20, "an empty queue")

    def why(self, what):
        return self.mail.mailctl_json("queue", "why", what)[0]

    def test_one_transaction_for_one_destination(self):
        self.receiver.start()
        self.submit("x@far.example", "y@far.example", "z@other.example")
        (sender, recipients, body), = self.receiver.wait_mails(1)
        self.assertIn("<anna@mailcore.test>", sender)
        self.assertEqual(sorted(recipients), ["x@far.example", "y@far.example", "z@other.example"])
        self.assertIn(b"Subject: for far away\r\n", body)
        self.assertTrue(body.endswith(b"\r\n\r\nhello\r\n"))
        self.wait_empty()

    def test_sessions_are_used_again(self):
        self.receiver.start()
        for i in range(4):
            self.submit(f"x{i}@far.example")
            self.receiver.wait_mails(i + 1)
            self.wait_empty()
        self.assertEqual(self.receiver.connections, 1)

    def test_large_message(self):
        self.receiver.start()
        text = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 4 * 1000 + b"\r\n." + b"\r\nend\r\n" * 20000
        self.submit("x@far.example", text=text)
        self.assertTrue(self.receiver.wait_mails(1)[0][2].endswith(b"\r\nend\r\n"))
        self.wait_empty()

    def test_each_recipient_has_its_fate(self):
        self.receiver.rules["RCPT"] = lambda a: (
            "550 5.1.1 nobody" if "gone" in a else "450 4.2.0 later" if "later" in a else "250 fine")
        self.receiver.start()
        self.submit("x@far.example", "gone@far.example", "later@far.example")
        self.receiver.wait_mails(1)
        left = wait_until(lambda: (q := self.queued()).keys() == {"later@far.example"} and q, 20, "two fates")
        self.assertEqual(left["later@far.example"]["reply"], "450 4.2.0 later")
        self.mail.wait_messages("anna", 1)
        client = self.mail.imap("anna")
        client.select("INBOX")
        _, data = client.fetch("1", "(BODY.PEEK[])")
        self.assertIn(b"Final-Recipient: rfc822;gone@far.example", data[0][1])
        self.assertIn(b"Diagnostic-Code: smtp; 550 5.1.1 nobody", data[0][1])
        client.logout()

    def test_4xx_everywhere_is_tried_again(self):
        for verb in ("MAIL", "RCPT", "DATA", "END"):
            with self.subTest(verb):
                left = ["451 4.3.0 not now"]
                receiver = Receiver(self.receiver.port)
                receiver.rules[verb] = lambda a: left.pop() if left else "354 go on" if verb == "DATA" else "250 fine"
                receiver.start()
                self.submit("x@far.example")
                receiver.wait_mails(1)
                self.wait_empty()
                self.assertEqual(len(receiver.mails), 1)
                receiver.stop()

    def test_a_dead_host_costs_one_attempt(self):
        """The receiver is not there: one message tried it, the others wait, and `why` says so."""
        for i in range(5):
            self.submit(f"x{i}@far.example")
        wait_until(lambda: sum(bool(r["parked_at"]) for r in self.queued().values()) >= 4, 20, "parked mail")
        parked = [r for r in self.queued().values() if r["parked_at"]]
        self.assertTrue(all(r["attempts"] <= 1 and r["reply"] for r in parked))
        why = self.why(parked[0]["address"])
        self.assertEqual(why["destination"]["state"], "down")
        self.assertGreater(why["destination"]["parked"], 3)
        self.assertIn("down", self.mail.mailctl("queue", "why", parked[0]["address"]).stdout)
        self.receiver.start()
        self.mail.mailctl("queue", "retry", "--recipient", parked[0]["address"])
        self.receiver.wait_mails(5)
        self.wait_empty()
        self.assertEqual(self.receiver.recipients(), [f"x{i}@far.example" for i in range(5)])

    def test_a_host_that_falls_silent_costs_its_time_out(self):
        """All other time-outs are as they were, minutes."""
        over = threading.Event()
        self.addCleanup(over.set)
        self.receiver.rules["EHLO"] = lambda _: over.wait(60) and None
        self.receiver.start()
        self.route(f'relay_hello_timeout = 1s\nroute "*" {{ host = "[127.0.0.1]" port = {self.receiver.port} }}')
        self.submit("x@far.example")
        reply = wait_until(lambda: self.queued()["x@far.example"]["reply"], 20, "a time-out")
        self.assertEqual(reply, "421 4.4.2 timed out while waiting for the reply to EHLO")

    def test_why_without_queued(self):
        self.submit("x@far.example")
        wait_until(lambda: self.queued()["x@far.example"]["reply"], 20, "an attempt")
        self.mail.stop_one("queued")
        try:
            self.assertNotIn("destination", self.why("x@far.example"))
            self.assertIn("queued is not running", self.mail.mailctl("queue", "why", "x@far.example").stdout)
        finally:
            self.mail.start(["queued"])

    def test_a_killed_queued_goes_on(self):
        for i in range(5):
            self.submit(f"x{i}@far.example")
        self.mail.stop_one("queued", signal.SIGKILL)
        self.receiver.start()
        self.mail.start(["queued"])
        self.mail.mailctl("queue", "retry", "--all", check=False)
        wait_until(lambda: len(set(self.receiver.recipients())) == 5, 20, "all mail")
        self.wait_empty()

    def test_a_moved_spool_goes_on(self):
        for i in range(3):
            self.submit(f"x{i}@far.example")
        wait_until(lambda: all(r["reply"] for r in self.queued().values()), 20, "attempts")
        self.mail.stop_one("queued")
        spool = self.mail.dir / "spool"
        shutil.copytree(spool, self.mail.dir / "moved", copy_function=shutil.copy2)
        shutil.rmtree(spool)
        (self.mail.dir / "moved").rename(spool)
        self.receiver.start()
        self.mail.start(["queued"])
        self.mail.mailctl("queue", "retry", "--all", check=False)
        self.receiver.wait_mails(3)
        self.wait_empty()

    def test_a_stop_waits_for_mail_on_its_way(self):
        """Not answered, it would be sent twice."""
        may_end = threading.Event()
        began = threading.Event()

        def end(_):
            began.set()
            may_end.wait(5)
            return "250 2.0.0 taken"
        self.receiver.rules["END"] = end
        self.receiver.start()
        self.submit("x@far.example")
        self.assertTrue(began.wait(20))
        threading.Timer(1, may_end.set).start()
        self.mail.stop_one("queued")
        self.mail.start(["queued"])
        self.wait_empty()
        self.assertEqual(len(self.receiver.mails), 1)

    def test_limits_and_a_host_that_is_tired(self):
        """A session takes three mails, then says 421; a third connection is refused: all arrives, once."""
        mails = {}

        def greeting(_):
            mails[threading.get_ident()] = 0
            return "421 4.7.0 too many" if self.receiver.n_open > 2 else "220 receiver.test ESMTP"

        def mail(_):
            mails[threading.get_ident()] += 1
            return "421 4.7.0 enough" if mails[threading.get_ident()] > 3 else "250 fine"
        self.receiver.rules.update(GREETING=greeting, MAIL=mail)
        self.receiver.start()
        for i in range(20):
            self.submit(f"x{i}@far.example")
        self.receiver.wait_mails(20, 60)
        self.wait_empty()
        self.assertEqual(len(set(self.receiver.recipients())), 20)
        self.assertEqual(len(self.receiver.recipients()), 20)


if __name__ == "__main__":
    unittest.main()
