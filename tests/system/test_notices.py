"""Senders are told what became of their mail, in a form that others can read."""
import email
import os
import signal
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until

TEXT = b"From: <anna@mailcore.test>\r\nSubject: for bert\r\nMessage-ID: <42@mailcore.test>\r\n\r\nhello\r\n"


class Notices(SystemTest):
    USERS = ("anna", "bert", "postmaster")

    def submit(self, to, rcpt_options=(), mail_options=(), login=True):
        with self.mail.smtp() as client:
            if login:
                client.connect("127.0.0.1", self.mail.ports["submission"])
                client.starttls(context=self.mail.tls())
                client.login("anna@mailcore.test", PASSWORD)
            client.sendmail("anna@mailcore.test", [to], TEXT, mail_options, rcpt_options)

    def lose(self, user, **how):
        """The account goes between the 250 and the delivery."""
        self.mail.add_account(user)
        auth = self.mail.children("queued")["auth"]
        for pid in auth:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.submit(f"{user}@mailcore.test", **how)
            self.mail.mailctl("account", "delete", f"{user}@mailcore.test")
        finally:
            for pid in auth:
                os.kill(pid, signal.SIGCONT)

    def notice(self, user, subject):
        client = self.mail.imap(user)

        def look():
            client.select("INBOX")
            _, hits = client.uid("SEARCH", "SUBJECT", f'"{subject}"')
            return hits[0].split()
        try:
            uid = wait_until(look, 20, f"notice {subject}")[-1]
            _, data = client.uid("FETCH", uid, "(BODY.PEEK[])")
            client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
            client.expunge()
        finally:
            client.logout()
        return email.message_from_bytes(data[0][1])

    def parts(self, notice):
        self.assertEqual(notice.get_content_type(), "multipart/report")
        self.assertEqual(notice.get_param("report-type"), "delivery-status")
        self.assertEqual(notice["Return-Path"], "<>")
        self.assertEqual(notice.defects, [])
        text, status, original = notice.get_payload()
        self.assertEqual(status.get_content_type(), "message/delivery-status")
        return text.get_payload(), status.get_payload(), original

    def test_failure(self):
        self.lose("carl", mail_options=["ENVID=QQ314159"], rcpt_options=["ORCPT=rfc822;c+2Bx@else.test"])
        text, (message, recipient), original = self.parts(self.notice("anna", "could not be delivered"))
        self.assertTrue(text.startswith(
            "Your message could not be delivered to carl@mailcore.test: there is no such mailbox."), text)
        self.assertEqual(message["Original-Envelope-Id"], "QQ314159")
        self.assertEqual(message["Reporting-MTA"], "dns;mx.mailcore.test")
        self.assertEqual(recipient["Original-Recipient"], "rfc822;c+x@else.test")
        self.assertEqual(recipient["Final-Recipient"], "rfc822;carl@mailcore.test")
        self.assertEqual((recipient["Action"], recipient["Status"]), ("failed", "5.1.1"))
        self.assertEqual(original.get_content_type(), "message/rfc822")
        self.assertEqual(original.get_payload(0)["Subject"], "for bert")
        wait_until(lambda: self.mail.mailctl_json("queue", "list") == [], 5, "an empty queue")

    def test_header_only(self):
        self.lose("dora", mail_options=["RET=HDRS"])
        _, _, original = self.parts(self.notice("anna", "could not be delivered"))
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertIn("Subject: for bert", original.get_payload())
        self.assertNotIn("hello", original.get_payload())

    def test_success(self):
        self.submit("bert@mailcore.test", rcpt_options=["NOTIFY=SUCCESS"])
        _, (_, recipient), original = self.parts(self.notice("anna", "was delivered"))
        self.assertEqual((recipient["Action"], recipient["Status"]), ("delivered", "2.0.0"))
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")

    def test_forged_senders_hear_nothing(self):
        self.lose("emil", login=False)
        text, _, _ = self.parts(self.notice("postmaster", "Undeliverable"))
        self.assertIn("It was from <anna@mailcore.test>.", text)


if __name__ == "__main__":
    unittest.main()
