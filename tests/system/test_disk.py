"""A full disk, a read-only spool, a full mailbox disk: clear replies, nothing
lost, nobody down, and everything goes on when there is room again."""
import os
import smtplib
import subprocess
import unittest

from instance import Instance, wait_until


def mount(path, options):
    path.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True).returncode == 0


@unittest.skipUnless(os.geteuid() == 0, "mounts a small tmpfs: needs root")
class SmallDisk(unittest.TestCase):
    def setUp(self):
        self.mail = Instance(os.environ["MAILCORE_BUILD"], users=(), options="queue_free_min = 0\n")
        self.mounted = []

    def tearDown(self):
        try:
            self.mail.stop()
            reports = self.mail.sanitizer_reports()
        finally:
            self.mail.kill_everything()
            for path in self.mounted:
                subprocess.run(["umount", "-l", path])
            self.mail.close()
        self.assertEqual(reports, [])

    def small(self, name, options):
        path = self.mail.dir / name
        if not mount(path, options):
            self.skipTest("this host refuses mount")
        self.mounted.append(path)
        return path

    def try_to_send(self, number, size):
        with self.mail.smtp() as client:
            try:
                client.sendmail("x@else.test", ["anna@mailcore.test"],
                                f"Subject: n{number}\r\n\r\n" + ("y" * 70 + "\r\n") * (size // 72))
                return 250
            except smtplib.SMTPDataError as error:
                return error.smtp_code
            except smtplib.SMTPSenderRefused as error:
                return error.smtp_code

    def subjects(self):
        client = self.mail.imap("anna")
        _, data = client.select("INBOX", readonly=True)
        found = []
        if int(data[0]):
            _, rows = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            found = [row[1].split()[1].decode() for row in rows if isinstance(row, tuple)]
        client.logout()
        return found

    def alive(self):
        return {daemon: process.poll() for daemon, process in self.mail.processes.items()}

    def fill(self, path):
        """Uses up what is left on a disk."""
        filler = path / "filler"
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 65536)
            except OSError:
                pass
        return filler

    def run_full(self, disk):
        self.mail.add_account("anna")
        self.mail.start()
        self.assertEqual(self.try_to_send(0, 4000), 250)
        wait_until(lambda: self.subjects() == ["n0"], 20, "the first message")
        filler = self.fill(disk)
        codes = {n: self.try_to_send(n, size) for n, size in
                 enumerate([4000, 200_000, 60_000, 4000, 4000, 100_000, 60_000, 60_000], 1)}
        self.assertTrue(set(codes.values()) <= {250, 451, 452}, codes)
        self.assertEqual(set(self.alive().values()), {None})
        filler.unlink()
        self.assertEqual(wait_until(lambda: self.try_to_send(99, 4000) == 250, 20, "a 250 again"), True)
        accepted = sorted(["n0", "n99"] + [f"n{n}" for n, code in codes.items() if code == 250])
        wait_until(lambda: set(accepted) <= set(self.subjects()), 60, "all that was accepted")
        found = self.subjects()
        self.assertEqual(len(found), len(set(found)), "nothing twice")
        return codes

    def test_full_spool(self):
        codes = self.run_full(self.small("spool", "size=48m"))
        self.assertIn(452, codes.values())

    def test_full_mailbox_disk(self):
        """Accepted mail waits in the queue until there is room."""
        self.run_full(self.small("state", "size=48m"))

    def test_read_only_spool(self):
        spool = self.small("spool", "size=48m")
        self.mail.add_account("anna")
        subprocess.run(["mount", "-o", "remount,ro", spool], check=True)
        self.mail.start_one("queued")
        self.mail.start(["smtpd", "imapd"])
        self.mail.wait_log("spool")
        self.assertRegex(self.mail.log() + (self.mail.dir / "startup.log").read_text(), "(?i)read-only")
        self.assertIn(self.try_to_send(1, 4000), (451, 452))
        subprocess.run(["mount", "-o", "remount,rw", spool], check=True)
        if self.mail.processes["queued"].poll() is not None:
            self.mail.processes.pop("queued")
            self.mail.start_one("queued")
        wait_until(lambda: self.try_to_send(2, 4000) == 250, 60, "a 250 after the spool is writable")
        wait_until(lambda: self.subjects() == ["n2"], 20, "its delivery")


class Overfull(unittest.TestCase):
    def test_too_little_free_space_is_told_at_once(self):
        mail = Instance(os.environ["MAILCORE_BUILD"], users=("anna",), options="queue_free_min = 1000G\n")
        try:
            mail.start()
            with mail.smtp() as client:
                with self.assertRaises(smtplib.SMTPException) as caught:
                    client.sendmail("x@else.test", ["anna@mailcore.test"], "Subject: x\r\n\r\n")
                self.assertEqual(getattr(caught.exception, "smtp_code", None), 452)
        finally:
            mail.close()


if __name__ == "__main__":
    unittest.main()
