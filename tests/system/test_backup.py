"""mailctl store dump and load, backup and restore, with the daemons running."""
import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from instance import Instance
from test_store import fill, text

OK, DAMAGED, USAGE, DATAERR, NOINPUT, NOUSER, TEMPFAIL = 0, 2, 64, 65, 66, 67, 75
LONG = bool(os.environ.get("MAILCORE_LONG"))


def picture(mail, user="anna", validity=True):
    """All that a client can see of an account."""
    client = mail.imap(user)
    seen = {}
    names = sorted(line.split(b'"/" ')[1].strip(b'"').decode() for line in client.list()[1])
    for name in names:
        items = "(MESSAGES UIDNEXT UNSEEN" + (" UIDVALIDITY)" if validity else ")")
        status = client.status(name, items)[1]
        client.select(name, readonly=True)
        rows = client.uid("fetch", "1:*", "(UID FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE RFC822.SIZE BODY.PEEK[])")[1]
        seen[name] = (status, sorted(str(row).replace(" \\\\Recent", "").replace("\\\\Recent", "") for row in rows))
    seen["subscribed"] = sorted(client.lsub()[1])
    client.logout()
    return seen


def uids(mail, user="anna", mailbox="INBOX"):
    client = mail.imap(user)
    client.select(mailbox, readonly=True)
    found = [int(n) for n in client.uid("search", "ALL")[1][0].split()]
    client.logout()
    return found


def numbers(mail, user="anna", mailbox="INBOX"):
    client = mail.imap(user)
    words = client.status(mailbox, "(UIDVALIDITY UIDNEXT)")[1][0].split(b"(")[1].rstrip(b")").split()
    client.logout()
    found = dict(zip(words[::2], words[1::2]))
    return int(found[b"UIDVALIDITY"]), int(found[b"UIDNEXT"])


class Base(unittest.TestCase):
    """One instance for all tests of a class; each works on a user of its own."""
    users = ("anna", "bert")
    isolation = "none"

    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(os.environ["MAILCORE_BUILD"], users=cls.users, isolation=cls.isolation)
        cls.addClassCleanup(cls.mail.close)
        cls.mail.start(["queued", "imapd"])

    def setUp(self):
        self.area = self.mail.dir / self._testMethodName
        self.user = None

    def save(self, user):
        """A user with mail and a first generation."""
        self.user = user
        fill(self.mail, user)
        self.assertEqual(self.states(), {user: "saved"})
        return f"{user}@mailcore.test"

    def run_it(self, *arguments, code=OK, says="", stdin=None):
        done = subprocess.run([self.mail.build / "mailctl", "-c", self.mail.conf, "-p", self.mail.dir,
                               *map(str, arguments)], input=stdin, capture_output=True, timeout=60)
        out = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, (arguments, out[-2000:]))
        self.assertIn(says, out)
        return done

    def rows(self, *arguments, code=OK):
        return json.loads(self.run_it(*arguments, "--json", code=code).stdout)

    def states(self, *arguments):
        return {row["account"].split("@")[0]: row["state"] for row in self.rows(
            "backup", self.area, *(arguments or (f"{self.user}@mailcore.test",)))}

    def files(self):
        return {path: path.stat().st_ino for path in self.area.rglob("*") if path.is_file()}

    def age(self):
        """A file's time tells a state only when it is some seconds old."""
        for path in (self.mail.dir / "state/mail").rglob("data.mdb"):
            os.utime(path, (1, 1_000_000_000))

    def append(self, number, user=None, mailbox="INBOX"):
        client = self.mail.imap(user or self.user)
        client.append(mailbox, r"(\Flagged)", None, text(number).encode())
        client.logout()

    def expunge(self, which, mailbox="INBOX"):
        client = self.mail.imap(self.user)
        client.select(mailbox)
        client.uid("store", which, "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.logout()

    def generations(self):
        return [row["time"] for row in self.rows("backup", "list", self.area, f"{self.user}@mailcore.test")]

    def check(self):
        self.run_it("store", "check", "--all")


class Hot(Base):
    users = tuple("abcdefgh")

    def test_dump_and_load(self):
        fill(self.mail, "a")
        before = picture(self.mail, "a")
        dump = self.run_it("store", "dump", "a@mailcore.test").stdout
        self.assertEqual(dump, self.run_it("store", "dump", "a@mailcore.test").stdout)
        changed = dump[:1000] + bytes([dump[1000] ^ 1]) + dump[1001:]
        for part in (dump[:-1], dump[:len(dump) // 2], changed, b"", b"From x\n" * 9):
            self.run_it("store", "load", "b@mailcore.test", stdin=part, code=DATAERR)
        packed = subprocess.run(["zstd", "-qc"], input=dump, capture_output=True, check=True).stdout
        self.run_it("store", "load", "b@mailcore.test", stdin=packed[:-9], code=DATAERR)
        self.run_it("store", "load", "b@mailcore.test", stdin=packed)
        self.assertEqual(picture(self.mail, "b"), before)
        self.assertEqual(self.run_it("store", "dump", "b@mailcore.test").stdout, dump)
        self.run_it("store", "load", "a@mailcore.test", stdin=dump, code=DATAERR, says="has mail")
        self.run_it("store", "load", "nobody@mailcore.test", stdin=dump, code=NOUSER)
        client = self.mail.imap("c")
        self.run_it("store", "load", "c@mailcore.test", stdin=dump, code=TEMPFAIL, says="in use")
        client.logout()
        self.check()

    def test_unchanged_users_cost_nothing(self):
        self.save("d")
        self.assertEqual(self.states(), {"d": "unchanged"})
        self.age()
        self.assertEqual(self.states(), {"d": "unchanged"})
        before = self.files()
        self.assertEqual(self.states(), {"d": "unchanged"})
        self.assertEqual(self.files(), before)
        self.append(100)
        self.assertEqual(self.states(), {"d": "saved"})
        new = {path.name for path in set(self.files()) - set(before)}
        self.assertEqual(len(new), 1, new)
        row = self.rows("backup", "list", self.area, "d@mailcore.test")[-1]
        self.assertLess(row["file_bytes"], 10000, "old messages were written again")
        self.run_it("backup", "--verify", self.area)

    def test_what_is_no_backup(self):
        address = self.save("e")
        for path in self.area.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.run_it("backup", self.mail.dir / "state", "--all", code=DATAERR, says="not a backup")
        self.run_it("backup", "list", self.mail.dir / "none", code=NOINPUT)
        self.run_it("backup", self.area, code=USAGE)
        self.run_it("backup", self.area, "nobody@mailcore.test", code=NOUSER)
        self.run_it("restore", self.area, "nobody@mailcore.test", code=NOUSER)
        self.run_it("restore", self.area, address, "--at", "2001-01-01T00:00:00Z", code=NOINPUT)
        outside = self.mail.dir / "outside"
        outside.mkdir()
        user = self.area / "mail/mailcore.test/e"
        shutil.rmtree(user)
        user.symlink_to(outside)
        done = self.run_it("backup", self.area, address, code=69)
        self.assertEqual(list(outside.iterdir()), [], done)

    def fetch(self, uid):
        client = self.mail.imap(self.user)
        client.select("INBOX", readonly=True)
        row = client.uid("fetch", str(uid), "(FLAGS INTERNALDATE BODY.PEEK[])")[1][0]
        client.logout()
        return row[0].replace(b"\\Recent", b"").split(b"INTERNALDATE")[1], row[1]

    def test_one_message(self):
        address = self.save("f")
        before = uids(self.mail, "f")
        wanted = self.rows("backup", "list", self.area, address, "--mailbox", "INBOX")
        self.assertEqual(sorted(row["uid"] for row in wanted), before)
        one = next(row for row in wanted if row["uid"] == before[2])
        self.assertIn("number", one["subject"])
        validity, uidnext = numbers(self.mail, "f")
        arguments = ("restore", self.area, address, "--mailbox", "INBOX", "--uid", one["uid"])
        self.assertEqual(self.rows(*arguments)[0]["present"], 1)
        self.assertEqual(uids(self.mail, "f"), before)
        want = self.fetch(one["uid"])
        self.expunge(str(one["uid"]))
        self.assertEqual(self.rows(*arguments, "--dry-run")[0]["restored"], 0)
        self.assertEqual(self.rows(*arguments)[0]["restored"], 1)
        self.assertEqual(numbers(self.mail, "f"), (validity, uidnext + 1))
        self.assertEqual(uids(self.mail, "f"), [n for n in before if n != one["uid"]] + [uidnext])
        self.assertEqual(self.fetch(uidnext), want)
        self.assertEqual(self.rows(*arguments)[0]["present"], 1)
        self.assertEqual(self.rows(*arguments, "--force-copy")[0]["restored"], 1)
        self.run_it("restore", self.area, address, "--message-id", "<none@x>", code=NOUSER)
        self.run_it("restore", self.area, address, "--mailbox", "None", code=NOUSER)
        client = self.mail.imap("f")
        client.append("Sent", None, None, b"Message-ID: <one@x>\r\nSubject: s\r\n\r\nbody\r\n")
        client.logout()
        self.states()
        self.expunge("1:*", mailbox="Sent")
        row = self.rows("restore", self.area, address, "--message-id", "<one@x>", "--into", "Found")[0]
        self.assertEqual((row["restored"], row["mailboxes_made"]), (1, 1))
        self.assertEqual(uids(self.mail, "f", "Found"), [1])

    def test_one_mailbox_at_an_earlier_time(self):
        client = self.mail.imap("g")
        client.append("INBOX", None, None, text(200).encode())
        client.select("INBOX")
        for _ in range(7):
            client.copy("1:*", "INBOX")
        client.append("INBOX", None, None, text(201, 1 << 21).encode())
        client.logout()
        address = self.save("g")
        first = self.generations()[0]
        before = len(uids(self.mail, "g"))
        self.append(100)
        self.expunge("1:134")
        self.states()
        validity, uidnext = numbers(self.mail, "g")
        row = self.rows("restore", self.area, address, "--mailbox", "INBOX", "--at", first)[0]
        self.assertEqual(row["found"], before)
        self.assertEqual(row["restored"], before - row["present"])
        self.assertGreater(row["restored"], 64)
        self.assertEqual(len(uids(self.mail, "g")), before + 1)
        self.assertEqual(numbers(self.mail, "g"), (validity, uidnext + row["restored"]))
        self.check()

    def test_damage(self):
        address = self.save("h")
        file = sorted((self.area / "mail/mailcore.test/h").glob("*.zst"))[0]
        good = file.read_bytes()
        for bad in (good[:-1], good[:200] + bytes([good[200] ^ 1]) + good[201:], None):
            if bad is None:
                file.unlink()
            else:
                file.write_bytes(bad)
            rows = {row["account"]: row["state"] for row in self.rows("backup", "--verify", self.area, code=DAMAGED)}
            self.assertEqual(rows[address], "damaged")
            self.run_it("restore", self.area, address, "--mailbox", "INBOX", code=DAMAGED, says="damaged")
        file.write_bytes(good)
        manifest = file.parent / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"rows": ', '"rows": 1', 1))
        self.run_it("backup", "--verify", self.area, address, code=DAMAGED, says="manifest")
        self.run_it("restore", self.area, address, "--mailbox", "INBOX", code=DAMAGED, says="manifest")


class Whole(Base):
    def test_users_and_hosts(self):
        """Back to an earlier time, on from there, and everything after the loss of all."""
        fill(self.mail, "bert")
        address = self.save("anna")
        before = picture(self.mail, validity=False)
        validity = numbers(self.mail)[0]
        arguments = ("restore", self.area, address, "--at", self.generations()[0])
        self.append(100)
        self.expunge("1:5")
        client = self.mail.imap()
        self.run_it(*arguments, "--replace", code=TEMPFAIL, says="in use")
        client.logout()
        self.mail.stop()
        self.run_it(*arguments, code=DATAERR, says="has mail")
        self.run_it(*arguments, "--dry-run")
        self.run_it(*arguments, "--replace", says="UIDVALIDITY")
        self.mail.start(["queued", "imapd"])
        self.assertEqual(picture(self.mail, validity=False), before)
        self.assertGreater(numbers(self.mail)[0], validity)
        self.check()
        for number in range(101, 104):
            self.append(number)
            self.states("--all", "--keep", "2")
        self.assertEqual(len(self.generations()), 2)
        self.assertEqual(self.states("--all")["(host)"], "unchanged")
        self.run_it("backup", "--verify", self.area)
        after = {user: picture(self.mail, user, validity=False) for user in self.users}
        self.mail.stop()
        (self.mail.dir / "state/mail/mailcore.test/anna/data.mdb").write_bytes(b"\xff" * 100000)
        self.run_it("restore", self.area, address, "--replace")
        self.check()
        shutil.rmtree(self.mail.dir / "state")
        self.assertEqual(self.run_it("restore", self.area, "--configuration").stdout, self.mail.conf.read_bytes())
        self.rows("restore", self.area, "--accounts")
        self.rows("restore", self.area, "--all")
        self.mail.start(["queued", "imapd"])
        for user in self.users:
            self.assertEqual(picture(self.mail, user, validity=False), after[user])
        self.check()


@unittest.skipUnless(os.geteuid() == 0, "full isolation needs root")
class Isolated(Base):
    isolation = "full"
    users = ("anna",)

    def test_each_file_is_its_owners(self):
        address = self.save("anna")
        before = picture(self.mail, validity=False)
        self.assertTrue(all(path.stat().st_uid == 0 for path in self.area.rglob("*")))
        self.expunge("1:5")
        self.assertGreater(self.rows("restore", self.area, address, "--mailbox", "INBOX")[0]["restored"], 0)
        self.mail.stop()
        self.run_it("restore", self.area, address, "--replace")
        home = self.mail.dir / "state/mail/mailcore.test/anna"
        owner = home.stat().st_uid
        self.assertNotEqual(owner, 0)
        self.assertTrue(all(path.stat().st_uid == owner for path in home.rglob("*")))
        self.mail.start(["queued", "imapd"])
        self.assertEqual(picture(self.mail, validity=False), before)


class Kill(Base):
    users = ("anna",)

    def kill_one(self, *arguments, after):
        process = subprocess.Popen([self.mail.build / "mailctl", "-c", self.mail.conf, "-p", self.mail.dir,
                                    *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        time.sleep(after)
        ended = process.poll() is not None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait(10)
        return ended

    def test_kill_backup_and_restore(self):
        seed = random.randrange(1 << 30)
        rng = random.Random(seed)
        fill(self.mail)
        self.user = "anna"
        client = self.mail.imap()
        for number in range(20):
            client.append("INBOX", None, None, text(number, 100000).encode())
        client.logout()
        before = picture(self.mail, validity=False)
        self.states("--all")
        self.mail.stop()
        killed = 0
        for number in range(100 if LONG else 5):
            with self.subTest(seed=seed, number=number):
                self.run_it("restore", self.area, "anna@mailcore.test", "--replace")
                # The first one is killed at once, so that one is for certain.
                killed += not self.kill_one("backup", self.area, "--all", after=rng.uniform(0, 0.06) if number else 0)
                self.run_it("backup", "--verify", self.area)
                killed += not self.kill_one("restore", self.area, "anna@mailcore.test", "--replace",
                                            after=rng.uniform(0, 0.25))
                self.check()
        self.assertGreater(killed, 0)
        self.states("--all")
        self.run_it("backup", "--verify", self.area)
        self.mail.start(["queued", "imapd"])
        self.assertEqual(picture(self.mail, validity=False), before)


if __name__ == "__main__":
    unittest.main()
