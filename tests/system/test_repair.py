"""mailctl store repair: what is damaged is told, is one user's, and comes back."""
import imaplib
import json
import unittest

from base import SystemTest
from instance import wait_until
from test_store import CLEAN, DAMAGED, USAGE, fill, text

ANNA = "anna@mailcore.test"
INUSE = 75


def mail_of(mail, user="anna"):
    """Name of each mailbox: UIDs with the message."""
    client = mail.imap(user)
    seen = {}
    for line in client.list()[1]:
        name = line.split(b'"/" ')[1].strip(b'"').decode()
        client.select(name, readonly=True)
        rows = client.uid("fetch", "1:*", "(UID BODY.PEEK[])")[1]
        seen[name] = {int(row[0].split(b"UID ")[1].split()[0].rstrip(b")")): row[1] for row in rows if isinstance(row, tuple)}
    client.logout()
    return seen


class Repair(SystemTest):
    """Each test finds anna's store as it was filled, and no daemon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in ("anna", "bert"):
            fill(cls.mail, user)
        cls.before = mail_of(cls.mail)
        cls.mail.stop()
        cls.dir = cls.mail.dir / "state/mail/mailcore.test/anna"
        cls.file = cls.dir / "data.mdb"
        cls.good = cls.file.read_bytes()
        cls.names = sorted(p.name for p in cls.dir.iterdir())

    def tearDown(self):
        self.mail.stop()
        for path in self.dir.iterdir():
            if path.name not in self.names:
                path.unlink()
        self.file.write_bytes(self.good)

    def run_store(self, verb, *arguments, code):
        done = self.mail.mailctl("store", verb, *(arguments or (ANNA,)), "--json", check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def damage(self, *pages):
        damaged = bytearray(self.good)
        for page in pages:
            damaged[page * 4096:(page + 1) * 4096] = bytes(4096)
        self.file.write_bytes(damaged)

    def page_with(self, text):
        """The last leaf page with this in it: earlier ones may be free."""
        for page in range(len(self.good) // 4096 - 1, 1, -1):
            content = self.good[page * 4096:(page + 1) * 4096]
            if text in content and content[10:12] == b"\x02\x00":
                return page
        raise AssertionError(text)

    def test_clean(self):
        for row in self.run_store("repair", "--all", code=CLEAN):
            self.assertEqual((row["state"], row["n_repairs"], row["n_lost"]), ("clean", 0, 0))
        self.assertEqual(self.file.read_bytes(), self.good)
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["data.mdb", "data.mdb-lock", "wake"])

    def test_meta_pages(self):
        """All that LMDB knows its tables by. What was deleted may come back, too."""
        self.damage(0, 1)
        self.assertEqual(self.run_store("check", code=DAMAGED)[0]["state"], "damaged")
        dry = self.run_store("repair", ANNA, "--dry-run", code=DAMAGED)[0]
        self.assertEqual(self.file.read_bytes()[:8192], bytes(8192))
        row = self.run_store("repair", code=DAMAGED)[0]
        self.assertEqual((row["n_violations"], dry["n_lost"]), (0, row["n_lost"]))
        self.assertEqual((self.dir / row["kept"]).read_bytes()[:8192], bytes(8192))
        self.assertFalse((self.dir / "repair.tmp").exists())
        self.run_store("repair", code=CLEAN)
        self.run_store("check", "--all", code=CLEAN)
        self.mail.start()
        after = mail_of(self.mail)
        for name, messages in self.before.items():
            self.assertLessEqual(set(messages.values()), set(after[name].values()), name)

    def test_humans_are_told(self):
        self.damage(self.page_with(b"number 5"))
        done = self.mail.mailctl("store", "repair", ANNA, check=False)
        self.assertEqual(done.returncode, DAMAGED, done)
        self.assertIn(f"{ANNA}: lost: table-readable", done.stdout)
        self.assertIn("damaged", done.stdout.splitlines()[-1])

    def test_export(self):
        """What can be read is written; what not is told; the store stays as it is."""
        self.damage(0, 1, self.page_with(b"number 5"))
        before = self.file.read_bytes()
        out = self.mail.dir / "out"
        done = self.mail.mailctl("export", ANNA, "maildir", str(out), check=False)
        self.assertEqual(done.returncode, 65, done)
        self.assertIn("the store: page 0: no meta page", done.stderr)
        written = {path.read_bytes() for path in out.rglob("*") if path.is_file() and path.parent.name in ("cur", "new")}
        for number in (0, 1, 9, 11):
            self.assertIn(text(number, 3000 * number).replace("\r\n", "\n").encode(), written)
        self.assertEqual(self.file.read_bytes(), before)
        self.assertFalse((self.dir / "export.tmp").exists())

    def test_in_use(self):
        """Only who asks for one user ends that user's sessions."""
        self.mail.start()
        client, other = self.mail.imap(), self.mail.imap("bert")
        client.select("INBOX")
        other.select("INBOX")
        for arguments in ((ANNA, "--dry-run"), ("--all",)):
            done = self.mail.mailctl("store", "repair", *arguments, check=False)
            self.assertEqual(done.returncode, INUSE, done)
            self.assertIn("in use", done.stderr)
        self.assertEqual(client.noop()[0], "OK")
        self.run_store("repair", code=CLEAN)
        with self.assertRaises(imaplib.IMAP4.abort) as told:
            client.noop()
        self.assertIn("damaged", str(told.exception))
        self.assertEqual(other.noop()[0], "OK")
        self.assertEqual(mail_of(self.mail), self.before)

    def test_live_damage(self):
        """Clear errors for this user, none for the other; mail waits, and all is there after the repair."""
        self.mail.start()
        client, other = self.mail.imap(), self.mail.imap("bert")
        client.select("INBOX")
        self.file.write_bytes(self.good[:8192])
        with self.assertRaises((imaplib.IMAP4.error, imaplib.IMAP4.abort)) as told:
            client.uid("fetch", "1:*", "(BODY.PEEK[])")
        self.assertIn("damaged", str(told.exception))
        self.mail.wait_log("store.damaged account=anna@mailcore.test")
        with self.assertRaises((imaplib.IMAP4.error, imaplib.IMAP4.abort)) as told:
            self.mail.imap().select("INBOX")
        self.assertIn("UNAVAILABLE", str(told.exception))
        self.mail.send(text(99))
        self.mail.wait_log("4.3.0")
        self.assertEqual(other.select("INBOX")[0], "OK")
        self.file.write_bytes(self.good)
        self.run_store("check", code=DAMAGED)
        self.run_store("repair", code=CLEAN)
        self.run_store("check", code=CLEAN)
        after = mail_of(self.mail)
        self.assertLessEqual(set(self.before["INBOX"].items()), set(after["INBOX"].items()))
        self.assertEqual(after["Lists/users"], self.before["Lists/users"])
        queued = self.mail.mailctl_json("queue", "list")
        self.assertEqual(len(queued), 1)
        # What is being tried at this moment cannot be deleted.
        wait_until(lambda: self.mail.mailctl("queue", "delete", queued[0]["id"], check=False).returncode in (0, 67),
                   20, "the message to be deleted")

    def test_usage(self):
        done = self.mail.mailctl("store", "repair", ANNA, "--force", check=False)
        self.assertEqual(done.returncode, USAGE)


if __name__ == "__main__":
    unittest.main()
