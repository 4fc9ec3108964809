"""What the sender is told, as the parsers of others read it."""
import unittest

import notices
import packages
from lab import LabTest
from names import OPEN, OWN
from scripted import Script

NO = "550-5.7.1 our users\r\n550 5.7.1 do not want <this> & \"that\""


class Notices(LabTest):
    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.site, cls.plain = n.site(f"notices.{OPEN}"), n.site(f"no-dsn.{OPEN}")

    def test_failure(self):
        self.serve(self.site, Script(replies={"RCPT": NO}))
        recipient = f"failure@notices.{OPEN}"
        number = self.sender.submit(recipient, mail_options=["ENVID=QQ314159"],
                                    rcpt_options=["NOTIFY=FAILURE", "ORCPT=rfc822;other@else.test"])
        notice = self.assert_returned(recipient, "5.7.1", "do not want <this>")
        _, status, _ = notice.message.get_payload()
        whole, fields = status.get_payload()
        self.assertEqual(notice.message.defects, [])
        self.assertEqual(notice.message["To"].strip("<>"), f"anna@{OWN}")
        self.assertRegex(whole["Reporting-MTA"], f"dns; ?mx.{OWN}")
        self.assertEqual(whole["Original-Envelope-Id"], "QQ314159")
        self.assertRegex(fields["Original-Recipient"], "rfc822; ?other@else.test")
        self.assertRegex(fields["Remote-MTA"], f"dns; ?mx.notices.{OPEN}")
        self.assertTrue(notice.diagnostic.startswith("smtp;"), notice.diagnostic)
        self.assertEqual(notice.original["X-Number"], number)

    def test_failure_as_mailparser_reads_it(self):
        why = packages.install_mailparser()
        if why:
            self.skipTest(why)
        self.serve(self.site, Script(replies={"RCPT": NO}))
        recipient = f"parsed@notices.{OPEN}"
        number = self.sender.submit(recipient)
        raw = self.assert_returned(recipient, "5.7.1").raw
        mail = notices.by_mailparser(raw)
        self.assertEqual(mail["type"]["value"], "multipart/report")
        self.assertEqual(mail["type"]["params"]["report-type"], "delivery-status")
        self.assertIn(recipient, mail["text"])
        status = next(a for a in mail["attachments"] if a["type"] == "message/delivery-status")
        fields = [dict(line.split(": ", 1) for line in group.splitlines() if ": " in line)
                  for group in status["text"].replace("\r\n", "\n").strip().split("\n\n")]
        self.assertEqual((fields[1]["Action"], fields[1]["Status"]), ("failed", "5.7.1"))
        self.assertEqual(fields[1]["Final-Recipient"].replace("; ", ";"), f"rfc822;{recipient}")
        self.assertIn(number, str(mail))

    def test_never_where_not_wanted(self):
        self.serve(self.site, Script(replies={"RCPT": NO}))
        recipient = f"never@notices.{OPEN}"
        number = self.sender.submit(recipient, rcpt_options=["NOTIFY=NEVER"])
        self.wait_gone(recipient)
        self.assertEqual(self.sender.notices_about(number), [])

    def test_success_is_told_by_the_next_host(self):
        """It has DSN, and is given what the sender asked for (RFC 3461 5.2.1)."""
        server = self.serve(self.site)
        recipient = f"asked@notices.{OPEN}"
        number = self.sender.submit(recipient, mail_options=["RET=HDRS", "ENVID=abc"],
                                    rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;z@else.test"])
        self.assert_delivered(server, recipient, number=number)
        mail = server.mails[0]
        self.assertIn("RET=HDRS", mail.mail)
        self.assertIn("ENVID=abc", mail.mail)
        self.assertIn("NOTIFY=SUCCESS,FAILURE", mail.rcpts[0])
        self.assertIn("ORCPT=rfc822;z@else.test", mail.rcpts[0])
        self.assertEqual(self.sender.notices_about(number), [])

    def test_relayed_to_one_that_does_not_tell(self):
        server = self.serve(self.plain, Script(extensions=("PIPELINING",)))
        recipient = f"asked@no-dsn.{OPEN}"
        self.sender.submit(recipient, rcpt_options=["NOTIFY=SUCCESS"])
        self.assertRegex(self.notice(recipient, "relayed").status, "^2")
        self.assertNotIn("NOTIFY", server.mails[0].rcpts[0])

    def test_two_fates_one_message(self):
        """Who was refused is named; who got it is not."""
        server = self.serve(self.site, Script(replies={
            "RCPT": lambda session: NO if "<bad" in session.current else "250 ok"}))
        bad = [f"bad{i}@notices.{OPEN}" for i in range(3)]
        good = f"good@notices.{OPEN}"
        number = self.sender.submit(*bad, good)
        self.assert_delivered(server, good, number=number)
        for recipient in bad:
            notice = self.assert_returned(recipient, "5.7.1")
            self.assertNotIn(good, notice.text)


if __name__ == "__main__":
    unittest.main()
