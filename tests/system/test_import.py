"""mailctl import and export: what other servers and programs wrote is read,
what we write they read, and nothing changes on the way there and back."""
import hashlib
import imaplib
import json
import mailbox
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from instance import Instance, PASSWORD, wait_until

TEXT = ("From: Anna <anna@example.org>\nTo: bert@example.org\nSubject: number {0}\n"
        "Date: Tue, 3 Nov 2026 10:00:00 +0100\nMessage-ID: <{0}@example.org>\n\n"
        "Body of {0}.\n\nFrom here on it is quoted.\n>From there, too.\n.\n")


def crlf(text):
    return text.encode().replace(b"\n", b"\r\n")


def tree_of(path):
    """Everything that an export must keep: names, bytes, times."""
    found = {}
    for p in sorted(pathlib.Path(path).rglob("*")):
        if p.is_file():
            found[str(p.relative_to(path))] = (hashlib.sha256(p.read_bytes()).hexdigest(), int(p.stat().st_mtime)
                                               if "/cur/" in f"/{p.relative_to(path)}" else 0)
    return found


class Import(unittest.TestCase):
    ISOLATION = "none"

    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(os.environ["MAILCORE_BUILD"], users=(), isolation=cls.ISOLATION)
        try:
            cls.mail.start()
        except BaseException:
            cls.mail.close()
            raise
        cls.number = 0

    @classmethod
    def tearDownClass(cls):
        cls.mail.close()

    def setUp(self):
        type(self).number += 1
        self.user = f"u{self.number}"
        self.mail.add_account(self.user)
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)

    def mailctl(self, *arguments, code=0):
        done = self.mail.mailctl(*map(str, arguments), check=False)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return done

    def import_it(self, kind, path, *more, code=0, user=None):
        done = self.mailctl("import", self.mail.address(user or self.user), kind, path, "--json", *more, code=code)
        self.errors = done.stderr
        rows = json.loads(done.stdout) if done.stdout.startswith("[") else []
        return {row["mailbox"]: row for row in rows}

    def export_it(self, kind, path, *more, code=0, user=None):
        done = self.mailctl("export", self.mail.address(user or self.user), kind, path, "--json", *more, code=code)
        self.errors = done.stderr
        rows = json.loads(done.stdout) if done.stdout.startswith("[") else []
        return {row["mailbox"]: row for row in rows}

    def another(self):
        type(self).number += 1
        name = f"u{self.number}"
        self.mail.add_account(name)
        return name

    # -- Maildir

    def message(self, folder, name, number, mtime=1600000000, text=None):
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes((text or TEXT.format(number)).encode())
        os.utime(path, (mtime, mtime))
        return path

    def make_dovecot_maildir(self):
        """As Dovecot 2.3 leaves it."""
        root = self.dir / "Maildir"
        self.message(root, "cur/1600000001.M1P1.host,S=10,W=11:2,FRSa", 1, 1600000001)
        self.message(root, "cur/1600000002.M1P1.host:2,Tbc", 2, 1600000002)
        self.message(root, "new/1600000003.M1P1.host", 3, 1600000003)
        (root / "dovecot-uidlist").write_text(
            "3 V1275660208 N70 G3085f01b7f11094c501100008c4a11c1\n"
            "7 W11 :1600000001.M1P1.host,S=10,W=11\n"
            "40 W11 Pold-uidl-40 :1600000002.M1P1.host:2,T\n"
            "60 :gone.M1P1.host\n")
        (root / "dovecot-keywords").write_text("0 $Label1\n1 NonJunk\n2 Travel\n")
        (root / "subscriptions").write_text("V\t2\n\nINBOX\n&AMQ-pfel\tB\n")
        self.message(root / ".Work.Old", "cur/1600000004.M1P1.host:2,S", 4, 1600000004)
        (root / ".Work.Old/dovecot-uidlist").write_text("1 1300000000 9\n8 1600000004.M1P1.host:2,S\n")
        self.message(root / ".&AMQ-pfel.B", "cur/1600000005.M1P1.host:2,", 5, 1600000005)
        self.message(root / ".Sent", "cur/1600000006.M1P1.host:2,PS", 6, 1600000006)
        return root

    def fetch(self, client, what="(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"):
        rows = {}
        for part in client.uid("FETCH", "1:*", what)[1]:
            if isinstance(part, tuple):
                uid = int(part[0].split(b"UID ")[1].split()[0])
                rows[uid] = part
        return rows

    def test_dovecot_maildir(self):
        root = self.make_dovecot_maildir()
        dry = self.import_it("maildir", root, "--dry-run")
        self.assertEqual(dry["INBOX"]["added"], 3)
        client = self.mail.imap(self.user)
        self.assertEqual(client.select("INBOX")[1], [b"0"])
        client.logout()

        user, self.user = self.user, self.another()  # that login made its mailboxes
        rows = self.import_it("maildir", root)
        self.assertEqual(set(rows), {"INBOX", "Work/Old", "\u00c4pfel/B", "Sent"})
        self.assertEqual(self.errors, "")
        for row in rows.values():
            self.assertEqual(row["verified"], row["messages"])
            self.assertEqual(row["failed"], 0)
        self.assertEqual(rows["INBOX"]["uids"], "kept")
        self.assertEqual(rows["INBOX"]["bytes"], sum(len(crlf(TEXT.format(n))) for n in (1, 2, 3)))
        client = self.mail.imap(self.user)
        client.select("INBOX")
        self.assertEqual(client.response("UIDVALIDITY")[1], [b"1275660208"])
        self.assertEqual(client.status("INBOX", "(UIDNEXT)")[1], [b'INBOX (UIDNEXT 71)'])
        rows = self.fetch(client)
        self.assertEqual(sorted(rows), [7, 40, 70])
        self.assertEqual(rows[7][1], crlf(TEXT.format(1)))
        self.assertEqual(set(imaplib.ParseFlags(rows[7][0])), {b"\\Flagged", b"\\Answered", b"\\Seen", b"$Label1"})
        self.assertEqual(set(imaplib.ParseFlags(rows[40][0])), {b"\\Deleted", b"NonJunk", b"Travel"})
        self.assertIn(b'INTERNALDATE "13-Sep-2020 12:26:41 +0000"', rows[7][0])
        client.select('"Work/Old"')
        self.assertEqual(client.response("UIDVALIDITY")[1], [b"1300000000"])
        self.assertEqual(sorted(self.fetch(client)), [8])
        client.select("Sent")
        self.assertIn(b"$Forwarded", str(self.fetch(client)).encode())
        listed = b" ".join(client.list()[1])
        self.assertIn(b'\\Sent', listed)
        self.assertEqual(sorted(line.split(b'" ')[-1].strip(b'"') for line in client.lsub()[1]),
                         [b"&AMQ-pfel/B", b"INBOX"])
        client.logout()
        pop = self.mail.pop3(self.user)
        self.assertEqual([line.split()[1] for line in pop.uidl()[1]],
                         [b"000000074c0907b0", b"old-uidl-40", b"000000464c0907b0"])
        self.assertEqual(pop.uidl(2).split()[2], b"old-uidl-40")
        pop.quit()

    def test_again_adds_what_is_missing(self):
        root = self.make_dovecot_maildir()
        self.import_it("maildir", root)
        client = self.mail.imap(self.user)
        client.select("INBOX")
        client.uid("STORE", "7", "+FLAGS", "\\Deleted")
        client.expunge()  # 7, and 40 that came so
        self.message(root, "new/1600000009.M1P1.host", 9, 1600000009)
        (root / "new/1600000003.M1P1.host").rename(root / "cur/1600000003.M1P1.host:2,S")
        rows = self.import_it("maildir", root)
        inbox = rows.pop("INBOX")
        self.assertEqual((inbox["added"], inbox["known"], inbox["gone"]), (1, 1, 2))
        self.assertEqual([row["added"] for row in rows.values()], [0, 0, 0])
        client.noop()
        self.assertEqual(sorted(self.fetch(client)), [70, 71])
        client.logout()

    def test_mail_that_is_there_stays_and_uids_are_new(self):
        self.mail.send(b"Subject: first\r\n\r\nx\r\n", [self.user])
        self.mail.wait_messages(self.user, 1)
        root = self.make_dovecot_maildir()
        rows = self.import_it("maildir", root)
        self.assertEqual(rows["INBOX"]["uids"], "new")
        self.assertEqual(rows["INBOX"]["verified"], 3)
        client = self.mail.imap(self.user)
        client.select("INBOX")
        self.assertEqual(sorted(self.fetch(client)), [1, 2, 3, 4])
        client.logout()

    def test_below_a_mailbox(self):
        rows = self.import_it("maildir", self.make_dovecot_maildir(), "--mailbox", "Old server")
        self.assertEqual(set(rows), {"Old server", "Old server/Work/Old", "Old server/\u00c4pfel/B", "Old server/Sent"})

    def test_links_and_odd_files_are_told_and_left_out(self):
        root = self.make_dovecot_maildir()
        secret = self.dir / "secret"
        secret.write_text("root's own\n")
        (root / "cur/1600000010.M1P1.host:2,S").symlink_to(secret)
        (root / "cur/1600000011.M1P1.host:2,S").write_bytes(b"\x1f\x8b\x08compressed")
        (root / ".Link").symlink_to(root / ".Sent")
        os.mkfifo(root / "cur/1600000012.M1P1.host:2,S")
        (root / "cur/1600000013.M1P1.host:2,S").write_bytes(b"")
        self.message(root / ("." + "x" * 250 + ".\x01"), "cur/1:2,", 1)
        rows = self.import_it("maildir", root, code=65)
        self.assertEqual(rows["INBOX"]["failed"], 3)
        self.assertEqual(rows["INBOX"]["verified"], 4)
        self.assertNotIn("Link", rows)
        self.assertEqual(self.errors.count("\n"), 5, self.errors)
        client = self.mail.imap(self.user)
        client.select("INBOX")
        self.assertNotIn(b"root's own", str(self.fetch(client)).encode())
        client.logout()

    def test_there_and_back_and_there(self):
        root = self.make_dovecot_maildir()
        self.message(root / ".example&AC4-org", "cur/1:2,", 20)
        self.message(root, "cur/1600000020.M1P1.host:2,S", 20, text="Status: R\nX-UID: 5\nSubject: " + "x" * 300000 + "\n\n"
                     + "y" * 2000000 + "\rbare\nno end")
        self.import_it("maildir", root)
        for kind in ("maildir", "mbox"):
            first, second = self.dir / f"{kind}1", self.dir / f"{kind}2"
            rows = self.export_it(kind, first)
            self.assertEqual(rows["INBOX"], {"mailbox": "INBOX", "messages": 4, "bytes": rows["INBOX"]["bytes"],
                                             "failed": 0})
            self.assertIn("example.org", rows)
            other = self.another()
            imported = self.import_it(kind, first, user=other)
            self.assertEqual(self.errors, "")
            # Without a message, an mbox has no place for UIDVALIDITY.
            self.assertTrue(all(row["uids"] == "kept" for row in imported.values()
                                if row["messages"] or kind == "maildir"), imported)
            self.export_it(kind, second, user=other)
            self.assertEqual(tree_of(first), tree_of(second))
            self.export_it(kind, first, code=73)

    def test_python_reads_our_exports(self):
        self.import_it("maildir", self.make_dovecot_maildir())
        self.export_it("maildir", self.dir / "out")
        box = mailbox.Maildir(self.dir / "out", create=False)
        self.assertEqual(sorted(m["Subject"] for m in box), ["number 1", "number 2", "number 3"])
        self.assertEqual(sorted(m.get_flags() for m in box), ["", "FRSa", "Tbc"])
        self.assertEqual(sorted(box.list_folders()), ["&AMQ-pfel", "&AMQ-pfel.B", "Sent", "Work", "Work.Old"])
        self.export_it("mbox", self.dir / "mbox")
        box = mailbox.mbox(self.dir / "mbox/INBOX", create=False)
        self.assertEqual([m["Subject"] for m in box], ["number 1", "number 2", "number 3"])
        self.assertEqual([m.get_flags() for m in box], ["ROAF", "OD", "O"])
        self.assertEqual(box[0].get_payload(), "Body of 1.\n\n>From here on it is quoted.\n>>From there, too.\n.\n")
        self.assertEqual(box[0].get_from(), "MAILER-DAEMON Sun Sep 13 12:26:41 2020")
        self.assertTrue((self.dir / "mbox/Work.sbd/Old").is_file())
        rows = self.export_it("mbox", self.dir / "one", "--mailbox", "Sent")
        self.assertEqual(list(rows), ["Sent"])
        self.export_it("mbox", self.dir / "none", "--mailbox", "Nowhere", code=67)

    # -- mbox

    def test_mbox_of_python(self):
        box = mailbox.mbox(self.dir / "box")
        for number in range(150):
            # It writes mboxo, which cannot tell ">From " from "From ".
            message = mailbox.mboxMessage(TEXT.replace(">", "").format(number % 149))
            message.set_flags("RO" if number % 2 else "F")
            message.set_from("someone@example.org", (2026, 11, 19, 10, 0, number % 60, 3, 323, 0))
            box.add(message)
        box.close()
        rows = self.import_it("mbox", self.dir / "box")
        self.assertEqual(rows["INBOX"]["added"], 150)
        self.assertEqual(rows["INBOX"]["verified"], 150)
        client = self.mail.imap(self.user)
        client.select("INBOX")
        fetched = self.fetch(client)
        self.assertEqual(fetched[1][1], crlf(TEXT.replace(">", "").format(0)))
        self.assertEqual(imaplib.ParseFlags(fetched[1][0]), (b"\\Flagged",))
        self.assertIn(b"19-Nov-2026 10:00:01 +0000", fetched[2][0])
        self.assertIn(b"\\Seen", fetched[2][0])
        client.logout()
        rows = self.import_it("mbox", self.dir / "box")
        self.assertEqual((rows["INBOX"]["added"], rows["INBOX"]["known"]), (0, 150))

    def test_not_what_it_is_called(self):
        (self.dir / "text").write_text("Subject: no mbox\n\nx\n")
        self.import_it("mbox", self.dir / "text", code=66)
        self.import_it("maildir", self.dir, code=66)
        self.import_it("maildir", self.dir / "text", code=66)
        self.import_it("maildir", self.dir / "nothing", code=66)
        self.import_it("tar", self.dir, code=64)
        self.import_it("maildir", self.make_dovecot_maildir(), user="nobody", code=67)
        self.export_it("maildir", self.dir / "out", user="nobody", code=67)

    def test_killed_and_started_again(self):
        root = self.dir / "Maildir"
        for number in range(1500):
            self.message(root, f"cur/{1600000000 + number}.M{number}P1.host:2,S", number)
        command = [self.mail.build / "mailctl", "-c", self.mail.conf, "-p", self.mail.dir, "import",
                   self.mail.address(self.user), "maildir", root]
        for delay in (0.05, 0.15, 0.4):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait(10)
        row = self.import_it("maildir", root)["INBOX"]
        self.assertEqual((row["messages"], row["added"] + row["known"], row["verified"]), (1500, 1500, 1500))
        client = self.mail.imap(self.user)
        self.assertEqual(client.select("INBOX")[1], [b"1500"])
        client.logout()


@unittest.skipUnless(os.geteuid() == 0, "other users: needs root")
class AsRoot(Import):
    """The same with processes of their own users, and some that only root can
    try."""
    ISOLATION = "full"

    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)

    def test_the_owner_of_the_path_reads_it(self):
        import pwd
        root = self.make_dovecot_maildir()
        owner = pwd.getpwnam("games")
        hidden = self.message(root, "cur/1600000030.M1P1.host:2,S", 30)
        for path in [root, *root.rglob("*")]:
            os.chown(path, owner.pw_uid, owner.pw_gid)
            path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(hidden, 0, 0)  # as a hard link to somebody else's file
        rows = self.import_it("maildir", root, code=65)
        self.assertEqual((rows["INBOX"]["failed"], rows["INBOX"]["verified"]), (1, 3))
        self.assertIn("Permission denied", self.errors)
        owners = {p.stat().st_uid for p in (self.mail.dir / "state/mail/mailcore.test" / self.user).rglob("*")}
        self.assertEqual(len(owners), 1)
        self.assertNotIn(0, owners)

    def test_a_user_cannot_choose_whose_mail_is_read(self):
        root = self.make_dovecot_maildir()
        home = self.dir / "home"
        home.mkdir()
        (home / "Maildir").symlink_to(root)
        os.chown(home, 65534, 65534)
        os.lchown(home / "Maildir", 65534, 65534)
        self.import_it("maildir", home / "Maildir", code=77)
        self.import_it("maildir", home / "Maildir/.Sent", code=77)
        self.export_it("maildir", home / "Maildir/new", user=self.user, code=67)
