"""Addresses and headers in any script (SMTPUTF8: RFC 6531, 6532, 6533)."""
import base64
import email
import email.policy
import imaplib
import os
import poplib
import signal
import smtplib
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until

USER = "j\u00fcrgen"
ADDRESS = f"{USER}@mailcore.test"
DOMAIN, ASCII_DOMAIN = "b\u00fccher.test", "xn--bcher-kva.test"
TEXT = (f"From: J\u00fcrgen <{ADDRESS}>\r\nTo: <{USER}@{DOMAIN}>\r\nSubject: Gr\u00fc\u00dfe\r\n"
        "Message-ID: <42@mailcore.test>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n\r\nhello \u00e4\r\n").encode()


def plain(user):
    """Python's clients send names in ASCII only, but here."""
    return f"\0{user}\0{PASSWORD}".encode()


class Utf8(SystemTest):
    USERS = ("anna", "postmaster", USER)
    OPTIONS = f'domain "{DOMAIN}" {{ }}'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mail.mailctl("account", "add", f"Chef@{DOMAIN}", stdin=PASSWORD + "\n")
        cls.mail.mailctl("alias", "add", f"\u00e4rger@{DOMAIN}", f"chef@{ASCII_DOMAIN}")

    def client(self, user=ADDRESS):
        client = smtplib.SMTP("127.0.0.1", self.mail.ports["submission"], local_hostname="client.test", timeout=20)
        self.addCleanup(client.close)
        client.starttls(context=self.mail.tls())
        client.ehlo()
        code, text = client.docmd("AUTH PLAIN", base64.b64encode(plain(user)).decode())
        self.assertEqual(code, 235, text)
        return client

    def inbox(self, user, count=1):
        """Its messages, once there are so many; by IMAP, and the same by POP3."""
        imap = imaplib.IMAP4_SSL("localhost", self.mail.ports["imaps"], ssl_context=self.mail.tls(), timeout=20)
        self.addCleanup(imap.shutdown)
        imap.authenticate("PLAIN", lambda _: plain(user))

        def look():
            _, (number,) = imap.select("INBOX", readonly=True)
            return int(number) >= count
        wait_until(look, 20, f"{count} messages for {user}")
        _, data = imap.fetch("1:*", "(ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
        mails = [item[1] for item in data if isinstance(item, tuple) and item[0].endswith(b"}") and b"BODY[] {" in item[0]]
        pop3 = poplib.POP3_SSL("localhost", self.mail.ports["pop3s"], context=self.mail.tls(), timeout=20)
        self.addCleanup(pop3.close)
        self.assertTrue(pop3._shortcmd("AUTH PLAIN " + base64.b64encode(plain(user)).decode()))
        self.assertEqual([b"\r\n".join(pop3.retr(i + 1)[1]) + b"\r\n" for i in range(len(mails))], mails)
        return mails

    def test_to_an_account(self):
        """From and to accounts in any script, at a domain in either form."""
        self.client().sendmail(ADDRESS, [f"CHEF@{DOMAIN.upper()}", f"chef+x@{ASCII_DOMAIN}", f"\u00c4RGER@{DOMAIN}"],
                               TEXT, ["SMTPUTF8", "BODY=8BITMIME"])
        for text in self.inbox(f"Chef@{DOMAIN}", 3):
            self.assertTrue(text.endswith(TEXT), text)
            message = email.message_from_bytes(text, policy=email.policy.SMTPUTF8)
            self.assertEqual(message["Return-Path"], f"<{ADDRESS}>")
            self.assertEqual(message["Subject"], "Gr\u00fc\u00dfe")
            self.assertIn(" with UTF8SMTPSA", message["Received"])

    def test_composed_or_not(self):
        with smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"], local_hostname="client.test", timeout=20) as client:
            client.sendmail("x@else.test", ["JU\u0308RGEN@mailcore.test"], TEXT, ["SMTPUTF8"])
        self.assertTrue(self.inbox(ADDRESS)[0].endswith(TEXT))

    def test_refused_without_smtputf8(self):
        client = self.client()
        client.command_encoding = "utf-8"
        self.assertEqual(client.mail(ADDRESS)[0], 550)
        self.assertEqual(client.mail("anna@mailcore.test")[0], 250)
        code, text = client.rcpt(ADDRESS)
        self.assertEqual((code, text[:5]), (553, b"5.6.7"))

    def test_notice(self):
        """The account goes between the 250 and the delivery."""
        gone = f"gr\u00fcn@{ASCII_DOMAIN}"
        self.mail.mailctl("account", "add", gone, stdin=PASSWORD + "\n")
        auth = self.mail.children("queued")["auth"]
        for pid in auth:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.client("anna@mailcore.test").sendmail("anna@mailcore.test", [gone], TEXT, ["SMTPUTF8"],
                                                       [f"ORCPT=utf-8;gr\u00fcn@{DOMAIN}"])
            self.mail.mailctl("account", "delete", gone)
        finally:
            for pid in auth:
                os.kill(pid, signal.SIGCONT)
        notice = email.message_from_bytes(self.inbox("anna@mailcore.test")[0], policy=email.policy.SMTPUTF8)
        self.assertEqual(notice.get_content_type(), "multipart/report")
        text, status, original = notice.get_payload()
        self.assertIn(f"could not be delivered to {gone}: there is no such mailbox", text.get_content())
        self.assertEqual(status.get_content_type(), "message/global-delivery-status")
        fields = status.get_content().decode()
        self.assertIn(f"\nOriginal-Recipient: utf-8;gr\u00fcn@{DOMAIN}\r\nFinal-Recipient: utf-8;{gone}\r\n", fields)
        self.assertEqual(original.get_content_type(), "message/global")
        original = email.message_from_bytes(original.get_content(), policy=email.policy.SMTPUTF8)
        self.assertEqual(original["Subject"], "Gr\u00fc\u00dfe")


@unittest.skipUnless(os.geteuid() == 0, "full isolation needs root")
class LockedIn(Utf8):
    """Domains are converted by a library that is mapped before."""
    ISOLATION = "full"


if __name__ == "__main__":
    unittest.main()
