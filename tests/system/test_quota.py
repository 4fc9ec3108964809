"""Quota as users, senders and administrators see it."""
import email
import re
import smtplib

from base import SystemTest
from instance import wait_until

LIMIT = 100 * 1024


def message(size):
    """size octets, with CRLFs."""
    head = b"From: someone@else.test\r\nSubject: filler\r\n\r\n"
    body = b"x" * 70 + b"\r\n"
    whole = head + body * (size // len(body) + 1)
    return whole[:size - 2] + b"\r\n"


class Quota(SystemTest):
    USERS = ("anna", "bert", "carl", "dora", "eva", "flo", "gus")
    OPTIONS = 'quota = 100K\nquota_warn = "50"\nquota_mailboxes = 8\n'

    def append(self, user, size):
        client = self.mail.imap(user)
        answer = client.append("INBOX", None, None, message(size))
        client.logout()
        return answer

    def fill(self, user, left):
        """All but so many octets; the warning that comes with it counts."""
        self.assertEqual(self.append(user, LIMIT // 2)[0], "OK")
        row = self.mail.mailctl_json("store", "stats", self.mail.address(user))[0]
        self.assertEqual(self.append(user, LIMIT - left - row["message_bytes"])[0], "OK")

    def rcpt(self, *users, size=None):
        """The replies to RCPT in one transaction."""
        with self.mail.smtp() as client:
            client.ehlo()
            client.docmd("MAIL", "FROM:<s@else.test>" + (f" SIZE={size}" if size else ""))
            replies = [client.docmd("RCPT", f"TO:<{self.mail.address(user)}>") for user in users]
        return [(code, text.decode()) for code, text in replies]

    def test_full_mailbox_at_rcpt(self):
        self.assertEqual(self.rcpt("anna")[0][0], 250)
        self.assertEqual(self.rcpt("anna", size=2 * LIMIT)[0], (552, "5.2.3 Message is larger than this mailbox may be"))
        self.fill("anna", 300)
        self.assertEqual([code for code, _ in self.rcpt("anna", "gus", "anna")], [452, 250, 452])
        self.assertEqual(self.rcpt("anna")[0], (452, "4.2.2 Mailbox is full"))
        typ, data = self.append("anna", 301)
        self.assertEqual((typ, data[0].split()[0]), ("NO", b"[OVERQUOTA]"))
        # At once: nobody remembers that it was full.
        client = self.mail.imap("anna")
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
        self.assertEqual(self.rcpt("anna")[0][0], 250)
        client.logout()
        self.assertEqual(self.rcpt("anna", size=LIMIT - 5000)[0], (452, "4.2.2 Mailbox is full"))
        self.assertEqual(self.rcpt("anna", size=20000)[0][0], 250)

    def test_a_larger_quota_counts_at_once(self):
        self.fill("bert", 300)
        self.assertEqual(self.rcpt("bert")[0][0], 452)
        self.mail.mailctl("account", "set", "bert@mailcore.test", "quota=1M")
        self.assertEqual(self.rcpt("bert")[0][0], 250)
        self.mail.mailctl("account", "set", "bert@mailcore.test", "quota=none")
        self.assertEqual(self.rcpt("bert", size=10 * LIMIT)[0][0], 250)
        self.mail.mailctl("account", "set", "bert@mailcore.test", "quota=default")
        self.assertEqual(self.rcpt("bert")[0][0], 452)

    def test_without_a_queue_nobody_can_tell(self):
        self.mail.mailctl("account", "set", "eva@mailcore.test", "quota=none")
        self.mail.stop_one("queued")
        wait_until(lambda: self.rcpt("gus", "eva", "gus") == [
            (451, "4.3.0 Recipient cannot be checked now"), (250, "2.1.5 Recipient ok"),
            (451, "4.3.0 Recipient cannot be checked now")], 10, "451")
        self.mail.start(["queued"])
        wait_until(lambda: self.rcpt("gus")[0][0] == 250, 10, "250")

    def warnings(self, user):
        return [line for line in self.mail.log().splitlines()
                if " quota.threshold " in line and f"{user}@mailcore.test" in line]

    def subjects(self, user):
        client = self.mail.imap(user)
        client.select("INBOX", readonly=True)
        data = client.fetch("1:*", "(BODY.PEEK[])")[1]
        client.logout()
        return [email.message_from_bytes(row[1]) for row in data if isinstance(row, tuple)]

    def test_warning_comes_once(self):
        self.mail.send(message(40000), ["carl"])
        self.mail.send(message(20000), ["carl"])
        self.mail.wait_messages("carl", 3)
        warning = [m for m in self.subjects("carl") if m["Auto-Submitted"]]
        self.assertEqual(len(warning), 1)
        self.assertEqual((warning[0]["Subject"], warning[0]["To"]), ("Your mailbox is 50% full", "<carl@mailcore.test>"))
        self.assertIn("bytes are in use", warning[0].get_payload())
        self.assertEqual(len(self.warnings("carl")), 1)
        self.assertIn("percent=50", self.warnings("carl")[0])
        self.mail.stop()
        self.mail.start()
        self.mail.send(message(1000), ["carl"])
        self.mail.wait_messages("carl", 4)
        self.assertEqual(len(self.warnings("carl")), 1)
        self.assertEqual(len(self.subjects("carl")), 4)

    def test_delivery_over_quota_is_put_off(self):
        self.fill("dora", 5000)
        self.mail.send(message(4000).replace(b"filler", b"fits"), ["dora"])
        self.mail.wait_messages("dora", 4)
        self.fill_up("dora")
        client = self.mail.imap("dora")
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.logout()
        self.mail.wait_messages("dora", 4)

    def fill_up(self, user):
        """A message without SIZE= that has no room any more when it is delivered."""
        with self.mail.smtp() as client:
            client.helo()
            client.mail("s@else.test")
            self.assertEqual(client.rcpt(self.mail.address(user))[0], 250)
            self.assertEqual(client.data(message(20000).replace(b"filler", b"late"))[0], 250)

        def deferred():
            return re.search(rf'delivery.deferred .*{user}@mailcore.test.*"4.2.2 the mailbox is full"', self.mail.log())
        wait_until(deferred, 20, "deferral")

    def test_mailboxes(self):
        client = self.mail.imap("eva")
        self.assertEqual(client.create("one")[0], "OK")
        self.assertEqual(client.create("two")[0], "OK")
        typ, data = client.create("three")
        self.assertEqual((typ, data[0].split()[0]), ("NO", b"[OVERQUOTA]"))
        client.logout()

    def test_stats_show_usage_and_limits(self):
        self.append("flo", 10240)
        self.mail.mailctl("account", "set", "flo@mailcore.test", "messages=4")
        row = self.mail.mailctl_json("store", "stats", "flo@mailcore.test")[0]
        self.assertEqual(row["quota"], [
            {"resource": "STORAGE", "used": 10240, "limit": LIMIT, "percent": 10},
            {"resource": "MESSAGE", "used": 1, "limit": 4, "percent": 25},
            {"resource": "MAILBOX", "used": 6, "limit": 8, "percent": 75}])
        self.mail.mailctl("account", "set", "flo@mailcore.test", "quota=none")
        row = self.mail.mailctl_json("store", "stats", "flo@mailcore.test")[0]
        self.assertEqual((row["quota"][0]["limit"], row["quota"][0]["percent"]), (None, None))
        self.assertIn("STORAGE", self.mail.mailctl("store", "stats", "flo@mailcore.test").stdout)


class Grace(SystemTest):
    USERS = ("anna",)
    OPTIONS = "quota = 100K\nquota_grace = 50K\nquota_warn = \"\"\nquota_reply = permanent\n"

    def test_one_last_message(self):
        self.mail.send(message(LIMIT - 5000), ["anna"])
        self.mail.wait_messages("anna", 1)
        self.mail.send(message(20000), ["anna"])
        self.mail.wait_messages("anna", 2)
        with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
            self.mail.send(message(100), ["anna"])
        self.assertEqual(refused.exception.recipients["anna@mailcore.test"], (552, b"5.2.2 Mailbox is full"))
        client = self.mail.imap("anna")
        self.assertEqual(client.append("INBOX", None, None, message(100))[0], "NO")
        client.logout()
