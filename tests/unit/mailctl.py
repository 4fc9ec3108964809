#!/usr/bin/env python3
"""mailctl as an administrator and scripts see it: exit codes, JSON, one line
per error. Usage: mailctl.py MAILCTL"""
import json
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

MAILCTL = pathlib.Path(sys.argv.pop(1)).resolve()
OK, USAGE, DATAERR, NOINPUT, NOUSER, UNAVAILABLE, CONFIG = 0, 64, 65, 66, 67, 69, 78


class Mailctl(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.addCleanup(self.holder.cleanup)
        self.dir = pathlib.Path(self.holder.name)
        self.write("")

    def write(self, more):
        (self.dir / "mailcore.conf").write_text(
            'hostname = "mx.mailcore.test"\nisolation = none\nstate_dir = "state"\n'
            'spool_dir = "spool"\nrun_dir = "run"\n'
            'domain "mailcore.test" { accounts = database }\n' + more)

    def run_it(self, *arguments, stdin=""):
        return subprocess.run([MAILCTL, "-c", self.dir / "mailcore.conf", "-p", self.dir, *arguments],
                              input=stdin, capture_output=True, text=True, timeout=30)

    def expect(self, code, *arguments, stdin="", says=""):
        done = self.run_it(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        self.assertIn(says, done.stdout + done.stderr)
        if code not in (OK, USAGE, CONFIG):
            self.assertLessEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stdout

    def test_names_in_unicode(self):
        self.expect(OK, "domain", "add", "B\u00fccher.test")
        self.assertIn("xn--bcher-kva.test", self.expect(OK, "domain", "list"))
        self.expect(OK, "account", "add", "J\u00fcrgen@b\u00fccher.test", stdin="secret\n")
        self.expect(DATAERR, "account", "add", "ju\u0308rgen@xn--bcher-kva.test", stdin="x\n", says="exists already")
        rows = json.loads(self.expect(OK, "--json", "account", "list", "b\u00fccher.test"))
        self.assertEqual([row["address"] for row in rows], ["j\u00fcrgen@xn--bcher-kva.test"])
        self.expect(OK, "alias", "add", "\u00c4rger@b\u00fccher.test", "j\u00fcrgen")
        rows = json.loads(self.expect(OK, "--json", "alias", "list", "b\u00fccher.test"))
        self.assertEqual((rows[0]["alias"], rows[0]["targets"]),
                         ("\u00e4rger@xn--bcher-kva.test", ["j\u00fcrgen@xn--bcher-kva.test"]))
        self.assertIn("j\u00fcrgen@xn--bcher-kva.test", self.expect(OK, "resolve", "J\u00dcRGEN+x@B\u00dcCHER.test"))
        self.expect(DATAERR, "domain", "add", "b\u00fccher..test", says="not a domain name")

    def test_accounts(self):
        self.assertEqual(json.loads(self.expect(OK, "account", "list", "--json")), [])
        self.expect(OK, "account", "add", "Anna@mailcore.test", "quota=1G", stdin="secret\n")
        self.expect(DATAERR, "account", "add", "anna@mailcore.test", stdin="x\n", says="exists already")
        self.expect(DATAERR, "account", "add", "a@else.test", stdin="x\n", says="not a domain here")
        self.expect(DATAERR, "account", "add", "a b@mailcore.test", stdin="x\n", says="not an address")
        self.expect(DATAERR, "account", "add", "b@mailcore.test", stdin="\n", says="password")
        self.expect(NOINPUT, "account", "add", "b@mailcore.test", says="no password")
        self.expect(DATAERR, "account", "add", "b@mailcore.test", "quota=much", stdin="x\n")
        self.expect(USAGE, "account", "add", "b@mailcore.test", "colour=red", stdin="x\n")
        rows = json.loads(self.expect(OK, "--json", "account", "list"))
        self.assertEqual([row["address"] for row in rows], ["anna@mailcore.test"])
        self.assertEqual((rows[0]["quota_bytes"], rows[0]["quota_messages"]), (1 << 30, None))
        self.assertNotIn("secret", str(rows))
        self.expect(OK, "account", "set", "anna@mailcore.test", "disabled=yes", "pop3=no", "quota=0", "messages=none",
                    "mailboxes=7")
        row = json.loads(self.expect(OK, "account", "list", "mailcore.test", "--json"))[0]
        self.assertTrue(row["disabled"])
        self.assertEqual((row["quota_bytes"], row["quota_messages"], row["quota_mailboxes"]), (0, 0, 7))
        self.expect(OK, "account", "set", "anna@mailcore.test", "quota=default", "mailboxes=1K")
        row = json.loads(self.expect(OK, "account", "list", "mailcore.test", "--json"))[0]
        self.assertEqual((row["quota_bytes"], row["quota_messages"], row["quota_mailboxes"]), (None, 0, 1024))
        self.assertIsNone(row["unix_user"])
        self.expect(OK, "account", "set", "anna@mailcore.test", "unix_user=nobody")
        self.expect(NOUSER, "account", "set", "anna@mailcore.test", "unix_user=nosuchuser", says="no such Unix user")
        self.expect(DATAERR, "account", "set", "anna@mailcore.test", "unix_user=root", says="is root")
        user = [row["unix_user"] for row in json.loads(self.expect(OK, "account", "list", "--json"))]
        self.assertEqual(user, ["nobody"])
        self.expect(OK, "account", "set", "anna@mailcore.test", "unix_user=none")
        row = json.loads(self.expect(OK, "account", "list", "mailcore.test", "--json"))[0]
        self.assertIsNone(row["unix_user"])
        self.assertEqual(row["services"], {"imap": True, "pop3": False, "submission": True, "delivery": True})
        self.expect(OK, "account", "passwd", "anna@mailcore.test", stdin="another\n")
        self.expect(NOUSER, "account", "passwd", "nobody@mailcore.test", stdin="x\n")
        self.expect(OK, "account", "delete", "anna@mailcore.test")
        self.expect(NOUSER, "account", "delete", "anna@mailcore.test")

    def test_only_their_group_reads_the_database(self):
        self.expect(OK, "account", "add", "anna@mailcore.test", stdin="pencil-Qx7\n")
        folder = self.dir / "state/accounts"
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o750)
        self.assertEqual(stat.S_IMODE((folder / "accounts.mdb").stat().st_mode), 0o640)
        self.assertFalse(b"pencil-Qx7" in (folder / "accounts.mdb").read_bytes())

    def test_domains_and_resolution(self):
        self.expect(OK, "domain", "add", "Alias.test", "alias_of=mailcore.test")
        self.expect(DATAERR, "domain", "add", "alias.test", says="exists already")
        self.expect(DATAERR, "domain", "add", "mailcore.test", says="in the configuration")
        self.expect(DATAERR, "domain", "add", "no domain")
        self.expect(OK, "account", "add", "anna@mailcore.test", stdin="secret\n")
        rows = json.loads(self.expect(OK, "domain", "list", "--json"))
        self.assertEqual([(row["domain"], row["from"]) for row in rows],
                         [("mailcore.test", "configuration"), ("alias.test", "database")])
        row = json.loads(self.expect(OK, "resolve", "Anna+x@alias.test", "--json"))[0]
        self.assertEqual((row["kind"], row["account"], row["alias"]), ("local", "anna@mailcore.test", True))
        self.expect(OK, "resolve", "a@elsewhere.test", says="remote")
        self.expect(NOUSER, "resolve", "nobody@mailcore.test", says="unknown")
        self.expect(OK, "domain", "delete", "alias.test")
        self.expect(NOUSER, "domain", "delete", "alias.test")
        self.expect(OK, "resolve", "anna@alias.test", says="remote")

    def test_configuration(self):
        self.expect(OK, "config", "check")
        dumped = self.expect(OK, "config", "dump")
        self.assertIn('hostname                     = "mx.mailcore.test"  # set', dumped)
        (self.dir / "again.conf").write_text(dumped)
        self.assertEqual(self.expect(OK, "-c", str(self.dir / "again.conf"), "config", "dump"), dumped)
        self.assertEqual(json.loads(self.expect(OK, "config", "dump", "--json"))["isolation"], "none")
        self.write("fronts = 0\nnonsense = 1\n")
        for command in (("config", "check"), ("account", "list"), ("reload",)):
            done = self.run_it(*command)
            self.assertEqual(done.returncode, CONFIG)
            self.assertRegex(done.stderr, r"mailcore\.conf:7: fronts: .*\n.*mailcore\.conf:8: nonsense: ")
        self.expect(CONFIG, "-c", str(self.dir / "none.conf"), "config", "check", says="none.conf:0: file: ")

    def test_nothing_runs(self):
        for command in ("status", "reload", "stop"):
            self.expect(UNAVAILABLE, command, says="nothing is running")
            self.expect(UNAVAILABLE, command, "imapd", says="imapd is not running")
            self.expect(USAGE, command, "sendmail")

    def test_usage(self):
        for command in ((), ("account",), ("account", "add"), ("nonsense",), ("version", "x"), ("-c",)):
            self.expect(USAGE, *command)
        self.expect(OK, "--help", says="account add")
        self.assertIn("features", json.loads(self.expect(OK, "version", "--json")))


if __name__ == "__main__":
    unittest.main()
