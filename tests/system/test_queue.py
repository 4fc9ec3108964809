"""The administrator's hand on the queue."""
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until

TEXT = b"Subject: for far away\r\n\r\nhello\r\n"


class Queue(SystemTest):
    def submit(self, *recipients):
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("anna@mailcore.test", PASSWORD)
            client.sendmail("anna@mailcore.test", recipients, TEXT)

    def listed(self, *which):
        return sorted(r["address"] for m in self.mail.mailctl_json("queue", "list", *which) for r in m["recipients"])

    def change(self, *words, code=0):
        done = self.mail.mailctl("queue", *words, "--json", check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    # Nobody answers there: each recipient is tried, and waits with the same reason.
    OPTIONS = 'resolver = "127.0.0.1@1"\nresolver_timeout = 1s'

    def all_held(self):
        self.mail.mailctl("queue", "hold", "--all", check=False)
        return len(self.listed("--state", "held")) == 3

    def setUp(self):
        self.submit("x@far.example", "y@far.example", "z@away.example")
        wait_until(lambda: len(self.listed("--reason", "4.4.3")) == 3, 20, "three attempts")
        wait_until(self.all_held, 10, "three held recipients")
        self.addCleanup(wait_until, self.is_emptied, 20, "an empty queue")

    def is_emptied(self):
        """What is being tried at this moment cannot be deleted."""
        self.mail.mailctl("queue", "delete", "--all", check=False)
        return not self.listed()

    def test_filters_select(self):
        self.assertEqual(self.listed("--domain", "far.example"), ["x@far.example", "y@far.example"])
        self.assertEqual(self.listed("--recipient", "z@away.example"), ["z@away.example"])
        self.assertEqual(self.listed("--older", "1h"), [])
        self.assertEqual(self.listed("--sender", "anna@mailcore.test", "--smaller", "1M", "--reason", "4.4.3"),
                         ["x@far.example", "y@far.example", "z@away.example"])

    def test_dry_run_changes_nothing(self):
        self.change("delete", "--domain", "far.example", "--dry-run")
        self.assertEqual(len(self.listed()), 3)

    def test_delete(self):
        self.change("delete", "--domain", "far.example")
        self.assertEqual(self.listed(), ["z@away.example"])
        self.change("delete", "--domain", "far.example", code=67)

    def test_bounce_tells_the_sender(self):
        self.change("bounce", "--recipient", "z@away.example")
        self.mail.wait_messages("anna", 1)
        client = self.mail.imap("anna")
        client.select("INBOX")
        _, data = client.fetch("1", "(BODY.PEEK[])")
        self.assertIn(b"returned by the administrator", data[0][1])
        self.assertIn(b"Final-Recipient: rfc822;z@away.example", data[0][1])
        client.logout()

    def test_only_release_lets_go_what_is_held(self):
        self.change("hold", "--recipient", "z@away.example")
        self.change("retry", "--recipient", "z@away.example", code=67)
        self.assertIn("z@away.example", self.listed("--state", "held"))
        self.change("release", "--recipient", "z@away.example")

    def test_what_is_meant_must_be_said(self):
        self.change("delete", code=64)
        self.change("delete", "--state", "lost", code=64)

    def test_without_queued(self):
        self.mail.stop_one("queued")
        try:
            self.change("delete", "--all", code=69)
            self.assertEqual(len(self.listed()), 3)
        finally:
            self.mail.start(["queued"])


if __name__ == "__main__":
    unittest.main()
