"""As root: what each process is, by /proc, against what roles.c declares; and
what it cannot do."""
import os
import pathlib
import pwd
import re
import subprocess
import unittest

from base import SystemTest
from instance import DAEMONS, USERS, add_unix_user, remove_unix_user

TOP = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"\{\s*ROLE_(\w+),\s*(USER_\w+),\s*(ROOT_\w+),\s*(SANDBOX_\w+),\s*([^,]+),\s*([^,]+),\s*(COUNT_\w+)")


def declared(daemon):
    """{role: row} of a daemon's roles.c."""
    text = re.sub(r"/\*.*?\*/", "", (TOP / daemon / "roles.c").read_text(), flags=re.S)
    return {name.lower(): {"user": user, "root": root, "sandbox": sandbox}
            for name, user, root, sandbox, peers, holds, _ in ROW.findall(text)}


def status(pid):
    return dict(line.split(":\t", 1) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def descriptors(pid):
    """{fd: what it is} without those of the loop itself and of the log."""
    found = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(entry.name)] = os.readlink(entry)
        except OSError:
            pass
    return found


@unittest.skipUnless(os.geteuid() == 0, "full isolation needs root")
class Isolation(SystemTest):
    ISOLATION = "full"
    OPTIONS = "agent_linger = 600s"  # however slow the machine is

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unix_user = f"mct{os.getpid()}"
        cls.addClassCleanup(remove_unix_user, cls.unix_user)
        add_unix_user(cls.unix_user, cls.mail.dir)
        cls.mail.mailctl("account", "set", "anna@mailcore.test", f"unix_user={cls.unix_user}")
        # one agent of each kind, and a process of anna's Unix user
        cls.imap = cls.mail.imap("anna")
        cls.imap.select("INBOX")
        cls.pop3 = cls.mail.pop3("bert")
        cls.mail.send("Subject: isolation\r\n\r\nx\r\n", ["anna"])
        cls.mail.wait_messages("anna", 1)

    @classmethod
    def tearDownClass(cls):
        cls.imap.shutdown()
        cls.pop3.close()
        super().tearDownClass()

    def processes(self):
        for daemon in DAEMONS:
            rows = declared(daemon)
            self.assertIn("monitor", rows, daemon)
            for role, pids in self.mail.children(daemon).items():
                for pid in pids:
                    yield daemon, role, rows[role], pid

    def root_of(self, row, daemon, role, link):
        where = self.mail.dir
        return {"ROOT_SLASH": pathlib.Path("/"), "ROOT_EMPTY": where / "run/empty", "ROOT_ACCOUNTS": where / "state/accounts",
                "ROOT_SPOOL": where / "spool",
                "ROOT_USER": pathlib.Path(link) if re.match(rf"{where}/state/mail/mailcore\.test/\w+$", link) else None,
                }[row["root"]]

    def test_every_role_that_is_declared_runs(self):
        for daemon in DAEMONS:
            running = set(self.mail.children(daemon)) | {"monitor"}
            self.assertEqual(running, set(declared(daemon)), daemon)

    def test_users_groups_capabilities_root_and_filters(self):
        for daemon, role, row, pid in self.processes():
            with self.subTest(daemon=daemon, role=role):
                s = status(pid)
                user = pwd.getpwnam(self.unix_user if row["user"] == "USER_UNIX" else USERS[row["user"]])
                self.assertEqual(set(s["Uid"].split()), {str(user.pw_uid)})
                self.assertEqual(set(s["Gid"].split()), {str(user.pw_gid)})
                self.assertIn(s["Groups"].split(), ([], [str(user.pw_gid)]))
                for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                    self.assertEqual(int(s[key], 16), 0, key)
                # Programs of the administrator's are what they are.
                self.assertEqual(s["NoNewPrivs"].strip(), "0" if role == "run" else "1")
                if "SANITIZE" not in os.environ:
                    self.assertEqual(s["Seccomp"].strip(), "0" if role in ("run", "forward") else "2")
                link = os.readlink(f"/proc/{pid}/root")
                self.assertEqual(pathlib.Path(link), self.root_of(row, daemon, role, link))
                if row["root"] != "ROOT_SLASH":
                    self.assertIn(os.readlink(f"/proc/{pid}/cwd"), (link, "/"))

    def test_open_descriptors_are_what_the_role_may_hold(self):
        where = str(self.mail.dir)
        common = [r"socket:\[\d+\]", r"anon_inode:\[(eventpoll|eventfd|io_uring)\]", r"pipe:\[\d+\]", r"/dev/null",
                  re.escape(where) + r"/(mailcore|startup)\.log"]
        by_root = {"ROOT_SLASH": [], "ROOT_EMPTY": [], "ROOT_ACCOUNTS": [re.escape(where) + r"/state/accounts(/[\w.-]+)?"],
                   "ROOT_SPOOL": [re.escape(where) + r"/spool(/.*)?"],
                   "ROOT_USER": [r"USER(/.*)?"]}
        for daemon, role, row, pid in self.processes():
            root = os.readlink(f"/proc/{pid}/root")
            for fd, target in descriptors(pid).items():
                with self.subTest(daemon=daemon, role=role, fd=fd, target=target):
                    if row["root"] == "ROOT_USER" and target.startswith(root):
                        target = "USER" + target[len(root):]
                    self.assertTrue(any(re.fullmatch(p, target) for p in common + by_root[row["root"]]), target)

    def test_an_agent_sees_its_own_user_only(self):
        roots = set()
        for daemon in ("imapd", "pop3d", "queued"):
            for pid in self.mail.children(daemon).get("agent", []):
                roots.add((daemon, os.readlink(f"/proc/{pid}/root")))
                inside = os.listdir(f"/proc/{pid}/root")
                self.assertIn("data.mdb", inside)
                self.assertNotIn("mail", inside)
        self.assertIn(("imapd", f"{self.mail.dir}/state/mail/mailcore.test/anna"), roots)
        self.assertIn(("pop3d", f"{self.mail.dir}/state/mail/mailcore.test/bert"), roots)

    def inject(self, pid, expression):
        """What a captured process would get: a call made inside it by gdb."""
        done = subprocess.run(["gdb", "-p", str(pid), "-batch", "-nx", "-ex", "set confirm off",
                               "-ex", f"print (int){expression}", "-ex", "print *(int*)__errno_location()",
                               "-ex", "detach"], capture_output=True, text=True, timeout=60)
        values = re.findall(r"^\$\d+ = (-?\d+)", done.stdout, re.M)
        self.assertEqual(len(values), 2, done.stdout + done.stderr)
        return int(values[0])

    def test_a_captured_agent_cannot_open_another_users_directory(self):
        pid = self.mail.children("imapd")["agent"][0]
        for path in (f"{self.mail.dir}/state/mail/mailcore.test/bert/data.mdb", "../bert/data.mdb",
                     "/../bert/data.mdb", "/etc/passwd"):
            self.assertEqual(self.inject(pid, f'openat(-100, "{path}", 0)'), -1, path)
        self.assertGreaterEqual(self.inject(pid, 'openat(-100, "data.mdb", 0)'), 0)

    @unittest.skipUnless(os.uname().machine == "x86_64", "system calls by their numbers")
    def test_a_captured_agent_cannot_signal_another(self):
        """All agents have one user: the kernel alone would let them."""
        imap, pop3 = (self.mail.children(d)["agent"][0] for d in ("imapd", "pop3d"))
        self.assertEqual(self.inject(imap, f"(int)syscall(234, {pop3}, {pop3}, 9)"), -1)  # tgkill
        self.assertEqual(self.inject(imap, f"(int)fcntl(2, 8, {pop3})"), -1)  # F_SETOWN
        self.assertEqual(self.inject(imap, f"(int)kill({pop3}, 9)"), -1)
        self.assertEqual(self.inject(imap, f"(int)syscall(234, {imap}, {imap}, 0)"), 0)
        self.assertIn(pop3, self.mail.children("pop3d")["agent"])

    def test_a_captured_front_cannot_open_any_file(self):
        for daemon in ("smtpd", "imapd", "pop3d"):
            pid = self.mail.children(daemon)["front"][0]
            for path in ("/", ".", "/etc/passwd", f"{self.mail.dir}/key.pem"):
                self.assertEqual(self.inject(pid, f'openat(-100, "{path}", 0)'), -1, (daemon, path))
            self.assertEqual(self.inject(pid, 'socket(2, 1, 0)'), -1, daemon)

    def test_only_keys_has_the_private_key_in_memory(self):
        der = subprocess.run(["openssl", "pkey", "-in", self.mail.dir / "key.pem", "-text", "-noout"],
                             capture_output=True, text=True, check=True).stdout
        scalar = bytes.fromhex(re.sub(r"[\s:]", "", der.split("priv:")[1].split("pub:")[0]))[-32:]
        pem = (self.mail.dir / "key.pem").read_bytes().splitlines()[1][20:60]
        holders = set()
        for daemon, role, _, pid in self.processes():
            if self.memory_has(pid, (scalar, scalar[::-1], pem)):
                holders.add(role)
        self.assertEqual(holders, {"keys"})
        for process in self.mail.processes.values():
            self.assertFalse(self.memory_has(process.pid, (scalar, scalar[::-1], pem)), "a monitor")

    def memory_has(self, pid, needles):
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                bounds, mode = line.split()[:2]
                first, last = (int(x, 16) for x in bounds.split("-"))
                if mode[:2] != "rw" or last - first > 1 << 28:
                    continue
                try:
                    memory.seek(first)
                    data = memory.read(last - first)
                except OSError:
                    continue
                if any(n in data for n in needles):
                    return True
        return False

    def test_search_reads_charsets_that_are_files_outside(self):
        for charset, text in (("windows-1251", "\u043f\u0440\u0438\u0432\u0435\u0442"),
                              ("iso-2022-jp", "\u65e5\u672c\u8a9e")):
            head = f"Subject: {charset}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
            self.imap.append("INBOX", None, None, head.encode() + text.encode(charset) + b"\r\n")
            self.imap.literal = text.encode()
            typ, data = self.imap.search("UTF-8", "HEADER", "SUBJECT", charset, "BODY")
            self.assertEqual(typ, "OK")
            self.assertEqual(len(data[0].split()), 1, charset)

    def test_private_files_are_private(self):
        for path, most in (("state/accounts", 0o750), ("spool", 0o700), ("state/mail/mailcore.test/anna", 0o700)):
            self.assertEqual((self.mail.dir / path).stat().st_mode & 0o777 & ~most, 0, path)

    def test_auth_may_read_the_accounts_and_not_change_them(self):
        group = pwd.getpwnam("mailauth").pw_gid
        accounts = self.mail.dir / "state/accounts"
        for path, mode in ((accounts, 0o750), (accounts / "accounts.mdb", 0o640),
                           (accounts / "accounts.mdb-lock", 0o660)):
            st = path.stat()
            self.assertEqual((st.st_uid, st.st_gid, st.st_mode & 0o777), (0, group, mode), path)
        pid = self.mail.children("imapd")["auth"][0]
        self.assertGreaterEqual(self.inject(pid, 'openat(-100, "accounts.mdb", 0)'), 0)
        self.assertEqual(self.inject(pid, 'openat(-100, "accounts.mdb", 2)'), -1)
        self.assertEqual(self.inject(pid, 'unlink("accounts.mdb")'), -1)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class NoChroot(SystemTest):
    """A container without SYS_CHROOT: the other layers still apply."""
    ISOLATION = "no-chroot"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

    def test_mail_flows_and_uids_are_separate(self):
        self.mail.send("Subject: x\r\n\r\nx\r\n", ["anna"])
        self.mail.wait_messages("anna", 1)
        for daemon in DAEMONS:
            rows = declared(daemon)
            for role, pids in self.mail.children(daemon).items():
                uid = pwd.getpwnam(USERS[rows[role]["user"]]).pw_uid
                for pid in pids:
                    self.assertEqual(os.readlink(f"/proc/{pid}/root"), "/")
                    self.assertEqual(set(status(pid)["Uid"].split()), {str(uid)})


class MissingLayers(unittest.TestCase):
    def test_what_the_host_refuses_is_named_in_the_log(self):
        """Full isolation without root: every layer that is missing is logged and mail still flows."""
        if os.geteuid() == 0:
            runner = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
                      "--bounding-set=-all"]
            program = pathlib.Path(os.environ["MAILCORE_BUILD"]) / "queued"
            try:
                subprocess.run([*runner, program, "-V"], capture_output=True, check=True)
            except (OSError, subprocess.CalledProcessError):
                self.skipTest("an ordinary user cannot run the programs where they are")
        else:
            runner = []
        from instance import Instance
        mail = Instance(os.environ["MAILCORE_BUILD"], users=("anna",), isolation="full")
        try:
            if runner:
                subprocess.run(["chown", "-R", "65534:65534", mail.dir], check=True)
            mail.runner = runner
            mail.start()
            mail.send("Subject: x\r\n\r\nx\r\n", ["anna"])
            mail.wait_messages("anna", 1)
            for layer in ("chroot", "user"):
                self.assertRegex(mail.log() + (mail.dir / "startup.log").read_text(),
                                 rf"isolation\.missing.*layer={layer}")
        finally:
            mail.close()


if __name__ == "__main__":
    unittest.main()
