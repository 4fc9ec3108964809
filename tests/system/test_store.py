"""mailctl store as an administrator uses it, with the daemons running."""
import gzip
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

from base import SystemTest
from instance import Instance, wait_until

CLEAN, REPAIRED, DAMAGED, USAGE, NOUSER = 0, 1, 2, 64, 67


def text(number, size=200):
    return (f"From: s{number}@else.test\r\nTo: anna@mailcore.test\r\nSubject: number {number}\r\n\r\n"
            + "y" * 60 + "\r\n") + ("x" * 70 + "\r\n") * (size // 72)


def fill(mail, user="anna"):
    """INBOX with flags, keywords and gaps, and mailboxes below others."""
    client = mail.imap(user)
    for number in range(12):
        client.append("INBOX", r"(\Seen)" if number % 3 else "($Work)", None, text(number, 3000 * number).encode())
    for name in ("Lists", "Lists/users", "Sent"):
        client.create(name)
    client.subscribe("Lists/users")
    client.select("INBOX")
    client.copy("2:4", "Lists/users")
    client.store("3,7:8", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.uid("store", "10", "+FLAGS", r"(\Flagged important)")
    client.logout()


def picture(mail, user="anna"):
    """All that a client can see of an account."""
    client = mail.imap(user)
    seen = {}
    names = sorted(line.split(b'"/" ')[1].strip(b'"').decode() for line in client.list()[1])
    for name in names:
        status = client.status(name, "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)")[1]
        client.select(name, readonly=True)
        rows = client.uid("fetch", "1:*", "(UID FLAGS INTERNALDATE MODSEQ ENVELOPE BODYSTRUCTURE RFC822.SIZE BODY.PEEK[])")[1]
        seen[name] = (status, sorted(str(row).replace(" \\\\Recent", "").replace("\\\\Recent", "") for row in rows))
    seen["subscribed"] = sorted(client.lsub()[1])
    client.logout()
    return seen


def messages(mail, user="anna"):
    client = mail.imap(user)
    seen = []
    for name in ("INBOX", "Lists/users", "Sent"):
        client.select(name, readonly=True)
        seen.append(client.uid("fetch", "1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")[1])
    client.logout()
    return [[str(row).replace(" \\\\Recent", "").replace("\\\\Recent", "") for row in rows] for rows in seen]


class Tools(SystemTest):
    def check(self, *arguments, code=CLEAN):
        done = self.mail.mailctl("store", "check", *(arguments or ("anna@mailcore.test",)), "--json", check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fill(cls.mail)

    def test_check_while_sessions_run(self):
        client = self.mail.imap()
        client.select("INBOX")
        row = self.check()[0]
        self.assertEqual((row["account"], row["state"]), ("anna@mailcore.test", "clean"))
        self.assertEqual(row["rows"], int(client.status("INBOX", "(MESSAGES)")[1][0].split()[-1].rstrip(b")")) + 3)
        client.logout()

    def test_check_all(self):
        self.mail.imap("bert").logout()
        rows = self.check("--all")
        self.assertEqual([row["account"] for row in rows], ["anna@mailcore.test", "bert@mailcore.test"])
        self.assertEqual(rows[1]["rows"], 0)

    def test_stats(self):
        row = self.mail.mailctl_json("store", "stats", "anna@mailcore.test")[0]
        self.assertEqual(row["live_bytes"] + row["free_bytes"], row["file_bytes"])
        self.assertGreater(row["live_bytes"], row["message_bytes"])
        self.assertEqual({t["table"]: t["entries"] for t in row["tables"]}["msg"], row["rows"])
        self.assertIn("anna@mailcore.test", self.mail.mailctl("store", "stats", "anna@mailcore.test").stdout)

    def compact(self, *arguments):
        return self.mail.mailctl_json("store", "compact", *(arguments or ("anna@mailcore.test",)))

    def replaced_files(self):
        """Data files that processes of ours still have open, although another one has taken their place."""
        pids = [row["pid"] for row in self.mail.mailctl_json("status", "imapd") if row["role"] == "agent"]
        links = []
        for pid in pids:
            for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                try:
                    links.append(os.readlink(link))
                except FileNotFoundError:
                    pass
        self.assertTrue(any("data.mdb" in link for link in links))
        return [link for link in links if "data.mdb" in link and "(deleted)" in link]

    def test_compact_while_sessions_run(self):
        seen = messages(self.mail)
        idle = self.mail.imap()
        exists = int(idle.select("INBOX")[1][0])
        before = exists
        pop3 = self.mail.pop3()
        idle.send(b"i IDLE\r\n")
        self.assertTrue(idle.readline().startswith(b"+"))
        for number in range(5):
            row, = self.compact()
            self.assertEqual(row["account"], "anna@mailcore.test")
            self.assertGreater(row["after_bytes"], 0)
            self.mail.send(text(number))
            while exists < before + number + 1:
                line = idle.readline()
                if line.endswith(b" EXISTS\r\n"):
                    exists = int(line.split()[1])
        self.assertIn("BEFORE", self.mail.mailctl("store", "compact", "--all").stdout)
        idle.send(b"DONE\r\n")
        while not idle.readline().startswith(b"i OK"):
            pass
        self.assertEqual(len(idle.search(None, "ALL")[1][0].split()), exists)
        idle.store(f"{before + 1}:*", "+FLAGS", r"(\Deleted)")
        idle.expunge()
        self.assertEqual(len(pop3.list()[1]), before)
        pop3.dele(1)
        pop3.rset()
        pop3.quit()
        wait_until(lambda: not self.replaced_files(), 20, "the old files are closed")
        idle.logout()
        self.assertEqual(messages(self.mail), seen)
        self.check()

    def test_errors(self):
        for code, arguments in ((NOUSER, ("compact", "nobody@mailcore.test")), (USAGE, ("compact",)),
                                (USAGE, ("compact", "anna@mailcore.test", "--quick")),
                                (NOUSER, ("check", "nobody@mailcore.test")), (65, ("check", "nobody")),
                                (USAGE, ("check",)), (USAGE, ("check", "anna@mailcore.test", "--nonsense"))):
            done = self.mail.mailctl("store", *arguments, check=False)
            self.assertEqual(done.returncode, code, (arguments, done))
            self.assertEqual(done.stderr.count("\n"), 1)


class Undelete(SystemTest):
    """Expunged messages come back while the daemons run, whichever way they went."""
    OPTIONS = "expunged_retention = 1h\n"

    def store(self, *arguments, code=0):
        done = self.mail.mailctl(*arguments, "--json", check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def undelete(self, *arguments):
        return self.store("store", "undelete", "anna@mailcore.test", *arguments)

    def setUp(self):
        client = self.mail.imap()
        client.create("Work")
        for name in ("INBOX", "Work"):
            client.select(name)
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()
        for number in range(3):
            client.append("INBOX", r"(\Flagged $Later)", None, text(number).encode())
        client.append("Work", "", None, text(9).encode())
        client.logout()

    def numbers(self, *arguments):
        return sorted(row["subject"] for row in self.undelete("--list", *arguments))

    def test_all_ways_to_delete(self):
        time.sleep(1.1)  # what setUp expunged is older
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        pop3 = self.mail.pop3()
        pop3.dele(1)
        pop3.quit()
        client = self.mail.imap()
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.logout()
        self.assertEqual(self.numbers("--since", since), ["number 0", "number 1"])
        self.assertEqual(self.numbers("--since", since, "--mailbox", "Work"), [])
        row = self.undelete("--list", "--since", since)[0]
        self.assertEqual((row["name"], row["from"]), ("INBOX", "s0@else.test"))
        left = time.mktime(time.strptime(row["until"], "%Y-%m-%dT%H:%M:%SZ")) - \
            time.mktime(time.strptime(row["expunged"], "%Y-%m-%dT%H:%M:%SZ"))
        self.assertEqual(left, 3600)

        watcher = self.mail.imap()
        watcher.select("INBOX")
        tag = watcher._new_tag()
        watcher.send(tag + b" IDLE\r\n")
        self.assertTrue(watcher.readline().startswith(b"+"))
        self.assertEqual(self.undelete("--since", since, "--dry-run")[0]["messages"], 2)
        self.assertEqual(self.undelete("--since", since)[0]["messages"], 2)
        while not watcher.readline().startswith(b"* 3 EXISTS"):
            pass
        watcher.send(b"DONE\r\n")
        while not watcher.readline().startswith(tag):
            pass
        flags = watcher.fetch("2:3", "(FLAGS)")[1]
        for line in flags:
            self.assertIn(rb"\Flagged", line)
            self.assertIn(b"$Later", line)
            self.assertNotIn(rb"\Deleted", line)
        watcher.logout()
        self.assertEqual(self.undelete("--since", since)[0]["messages"], 0)
        check = self.store("store", "check", "anna@mailcore.test")
        self.assertEqual(check[0]["state"], "clean")

    def test_old_messages_and_elsewhere(self):
        self.assertEqual(self.store("expunge", "anna@mailcore.test", "Work", "--older-than", "1d")[0]["messages"], 0)
        time.sleep(1.1)
        arguments = ("expunge", "anna@mailcore.test", "Work", "--older-than", "0s")
        self.assertEqual(self.store(*arguments, "--dry-run")[0]["messages"], 1)
        self.assertEqual(self.store(*arguments)[0]["messages"], 1)
        self.assertEqual(self.store(*arguments)[0]["messages"], 0)
        row = [r for r in self.undelete("--list") if r["name"] == "Work"][-1]
        self.assertEqual(self.undelete("--message", str(row["message"]), "--into", "INBOX")[0]["messages"], 1)
        self.mail.wait_messages("anna", 4)

    def test_retention(self):
        retention = ("store", "retention", "anna@mailcore.test")
        row = self.store(*retention)[0]
        self.assertEqual((row["retention_s"], row["from"]), (3600, "option"))
        row = self.store(*retention, "30d", "--mailbox", "Work")[0]
        self.assertEqual((row["retention_s"], row["from"]), (30 * 86400, "mailbox"))
        row = self.store(*retention, "2h")[0]
        self.assertEqual((row["retention_s"], row["from"]), (7200, "account"))
        client = self.mail.imap()
        client.select("Work")
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.logout()
        latest = max(row["until"] for row in self.undelete("--list"))
        self.assertGreater(latest, time.strftime("%Y-%m-%d", time.gmtime(time.time() + 29 * 86400)))
        self.assertEqual(self.store(*retention, "default")[0]["from"], "option")
        self.assertEqual(self.store(*retention, "default", "--mailbox", "Work")[0]["from"], "option")

    def test_errors(self):
        for code, arguments in (
                (USAGE, ("store", "undelete", "anna@mailcore.test", "--since", "yesterday")),
                (USAGE, ("store", "undelete", "anna@mailcore.test", "--mailbox")),
                (USAGE, ("store", "retention", "anna@mailcore.test", "1s")),
                (USAGE, ("expunge", "anna@mailcore.test", "INBOX", "--dry-run", "--dry-run")),
                (NOUSER, ("store", "undelete", "nobody@mailcore.test")),
                (NOUSER, ("store", "undelete", "anna@mailcore.test", "--mailbox", "Nowhere")),
                (NOUSER, ("expunge", "anna@mailcore.test", "Nowhere", "--older-than", "1d"))):
            self.assertEqual(self.store(*arguments, code=code).count("\n"), 1, arguments)


@unittest.skipUnless(sys.byteorder == "little" and sys.maxsize > 1 << 32, "LMDB's files are of one kind of machine")
class Versions(unittest.TestCase):
    """A store of the first schema: read as it is, and brought to ours by the first session."""

    def setUp(self):
        self.mail = Instance(os.environ["MAILCORE_BUILD"])
        self.addCleanup(self.mail.close)
        directory = self.mail.dir / "state/mail/mailcore.test/anna"
        directory.mkdir(parents=True, mode=0o700)
        packed = pathlib.Path(__file__).resolve().parents[1] / "vectors/store-1/data.mdb.gz"
        self.file = directory / "data.mdb"
        self.file.write_bytes(gzip.decompress(packed.read_bytes()))
        self.file.chmod(0o600)

    def check(self):
        row = self.mail.mailctl_json("store", "check", "anna@mailcore.test")[0]
        self.assertEqual(row["state"], "clean")
        return row

    def test_first_schema(self):
        before = self.file.read_bytes()
        row = self.check()
        self.assertEqual(self.file.read_bytes(), before)
        self.mail.start()
        client = self.mail.imap()
        client.select("INBOX", readonly=True)
        self.assertEqual(client.search(None, "ALL")[1], [b"1 2 3 4 5"])
        self.assertIn(b"This is number 4.", client.fetch("1", "(BODY.PEEK[])")[1][0][1])
        client.logout()
        self.mail.wait_log("store.migrate from=1 to=2")
        self.mail.stop()
        self.assertNotEqual(self.file.read_bytes(), before)
        after = self.check()
        self.assertEqual(after["rows"], row["rows"])
        self.assertEqual(self.mail.sanitizer_reports(), [])

    def test_later_schema(self):
        data = bytearray(self.file.read_bytes())
        # The stamp and the id of the next mailbox begin the account's record; old pages may have copies.
        found = 0
        for at in range(0, len(data) - 256, 2):
            if data[at:at + 4] == b"\x01\x00\x09\x00" and data[at + 6:at + 8] == b"\xff\xff":
                data[at] = 99
                found += 1
        self.assertGreater(found, 0)
        self.file.write_bytes(data)
        done = self.mail.mailctl("store", "check", "anna@mailcore.test", check=False)
        self.assertNotEqual(done.returncode, CLEAN)
        self.assertIn("another version's data", done.stderr)


class Damage(unittest.TestCase):
    """One user's damage is reported, is one user's, and ends no process of ours."""

    def setUp(self):
        self.mail = Instance(os.environ["MAILCORE_BUILD"])
        self.addCleanup(self.mail.close)
        self.mail.start()
        for user in ("anna", "bert"):
            fill(self.mail, user)
        self.mail.stop()
        self.file = self.mail.dir / "state/mail/mailcore.test/anna/data.mdb"
        self.good = self.file.read_bytes()

    def check(self):
        done = self.mail.mailctl("store", "check", "--all", "--json", check=False)
        rows = {row["account"]: row for row in json.loads(done.stdout)}
        self.assertEqual(rows["bert@mailcore.test"]["state"], "clean")
        return done.returncode, rows["anna@mailcore.test"]

    def test_random_corruption(self):
        seed = random.randrange(1 << 30)
        rng = random.Random(seed)
        rounds = 200 if os.environ.get("MAILCORE_LONG") else 25
        found = 0
        for number in range(rounds):
            damaged = bytearray(self.good)
            page = rng.randrange(2, len(damaged) // 4096) * 4096
            for _ in range(rng.choice((1, 8, 200))):
                damaged[page + rng.randrange(4096)] = rng.randrange(256)
            self.file.write_bytes(damaged)
            code, row = self.check()
            with self.subTest(seed=seed, number=number):
                self.assertEqual(code, DAMAGED if row["state"] == "damaged" else CLEAN)
            found += code == DAMAGED
        self.assertGreater(found, 0, f"seed {seed}")

    def test_truncation(self):
        for keep in (0, 100, 4096, 3 * 4096, len(self.good) // 2, len(self.good) - 4096):
            self.file.write_bytes(self.good[:keep])
            code, row = self.check()
            self.assertIn(code, (CLEAN, DAMAGED))
            if keep < len(self.good) // 2:
                self.assertEqual((code, row["state"]), (DAMAGED, "damaged"), keep)

    def test_foreign_file(self):
        self.file.write_bytes(b"not a database\n" * 1000)
        self.assertEqual(self.check()[0], DAMAGED)


class Compaction(unittest.TestCase):
    def setUp(self):
        self.mail = Instance(os.environ["MAILCORE_BUILD"])
        self.addCleanup(self.mail.close)
        self.mail.start()
        fill(self.mail)
        self.command = [self.mail.build / "mailctl", "-c", self.mail.conf, "-p", self.mail.dir,
                        "store", "compact", "anna@mailcore.test"]
        self.dir = self.mail.dir / "state/mail/mailcore.test/anna"

    def test_kills(self):
        """Killed at any time, with a session that goes on: nothing is lost, nothing is left."""
        session = self.mail.imap()
        sent = int(session.select("INBOX")[1][0])
        for number in range(200 if os.environ.get("MAILCORE_LONG") else 15):
            process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
            time.sleep(random.uniform(0, 0.08))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.assertEqual(session.append("INBOX", None, None, text(number).encode())[0], "OK")
            sent += 1
            self.assertEqual(int(session.select("INBOX")[1][0]), sent)
        session.logout()
        self.mail.stop()
        self.assertEqual(subprocess.run(self.command, stdout=subprocess.DEVNULL).returncode, 0)
        self.assertEqual(sorted(p.name for p in self.dir.iterdir() if p.name.startswith("data.mdb")),
                         ["data.mdb", "data.mdb-compact", "data.mdb-lock"])
        self.assertEqual(self.mail.mailctl("store", "check", "anna@mailcore.test", check=False).returncode, CLEAN)
        self.mail.start()
        self.mail.wait_messages("anna", sent)


if __name__ == "__main__":
    unittest.main()
