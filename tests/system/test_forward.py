"""Forward files of Unix users: where mail goes through them, and as whom their commands run."""
import email
import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import subprocess
import unittest

import test_aliases
from base import SystemTest
from instance import PASSWORD, add_unix_user, remove_unix_user, wait_until

TEXT = "From: <someone@else.test>\r\nSubject: {}\r\n\r\nhello\r\nFrom here on\r\n"


@unittest.skipUnless(os.geteuid() == 0, "other users' processes need root")
class Users(SystemTest):
    """Accounts whose Unix users were made for this run; other runs may be under way on this machine."""
    USERS = ("anna", "bert", "carl", "dora", "postmaster")
    FORWARDING = ("anna", "bert", "carl")
    ISOLATION = "full"
    MORE = ""

    @classmethod
    def setUpClass(cls):
        cls.sink = test_aliases.Sink()
        port = cls.sink.server_address[1]
        cls.OPTIONS = (f'aliases = "aliases"\ndefault_domain = "mailcore.test"\n{cls.MORE}\n'
                       f'route "*" {{ host = "[127.0.0.1]" port = {port} tls = none }}')
        super().setUpClass()
        cls.addClassCleanup(cls.sink.server_close)
        cls.addClassCleanup(cls.sink.shutdown)
        cls.unix = {user: f"mct{os.getpid()}{user}" for user in cls.FORWARDING}
        cls.homes = cls.mail.dir / "homes"
        cls.homes.mkdir()
        for user, name in cls.unix.items():
            cls.addClassCleanup(remove_unix_user, name)
            add_unix_user(name, cls.homes / user, "--groups", "mail")
            cls.mail.mailctl("account", "set", f"{user}@mailcore.test", f"unix_user={name}")

    def setUp(self):
        for user, name in self.unix.items():
            home = self.homes / user
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            shutil.chown(home, name, name)
        self.out = self.homes / "anna"

    def forward(self, user, text, mode=0o644, owner=None):
        path = self.homes / user / ".forward"
        path.unlink(missing_ok=True)
        path.write_text(text)
        shutil.chown(path, owner or self.unix[user], owner or self.unix[user])
        path.chmod(mode)
        return path

    def script(self, name, text):
        path = self.out / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def send(self, to, subject):
        self.mail.send(TEXT.format(subject), [to])

    def submit(self, to, subject, options=()):
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("dora@mailcore.test", PASSWORD)
            client.sendmail("dora@mailcore.test", [to], TEXT.format(subject), options)

    def find(self, user, text, count=1):
        """The message with that text, of which there are so many."""
        client = self.mail.imap(user)

        def look():
            client.select("INBOX")
            _, hits = client.uid("SEARCH", "TEXT", f'"{text}"')
            return hits[0].split() if len(hits[0].split()) >= count else None
        try:
            uids = wait_until(look, 20, f"{text} for {user}")
            self.assertEqual(len(uids), count)
            _, data = client.uid("FETCH", uids[-1], "(BODY.PEEK[])")
            return email.message_from_bytes(next(d[1] for d in data if isinstance(d, tuple)))
        finally:
            client.logout()

    def has(self, user, text):
        client = self.mail.imap(user)
        try:
            client.select("INBOX")
            _, hits = client.uid("SEARCH", "TEXT", f'"{text}"')
            return len(hits[0].split())
        finally:
            client.logout()

    def queued(self):
        return [r for m in self.mail.mailctl_json("queue", "list") for r in m["recipients"]]

    def wait_empty(self):
        wait_until(lambda: self.queued() == [], 30, "an empty queue")

    def empty(self):
        """What is being tried at this moment cannot be deleted."""
        def done():
            self.mail.mailctl("queue", "delete", "--all", check=False)
            return self.queued() == []
        wait_until(done, 30, "an empty queue")

    def wait_reply(self, start):
        return wait_until(lambda: [r for r in self.queued() if (r["reply"] or "").startswith(start)], 20, start)[0]

    def wait_file(self, name):
        wait_until((self.out / name).exists, 20, name)
        return (self.out / name).read_text()


class Forwards(Users):
    MORE = "command_timeout = 5s"

    def test_without_a_file_it_is_the_mailbox(self):
        self.send("anna+tag@mailcore.test", "no file")
        self.assertEqual(self.find("anna", "no file")["Delivered-To"], "anna+tag@mailcore.test")
        for n, text in enumerate(("", "# nothing\n\n", "anna\n", "\\anna", "Anna@Mailcore.test")):
            self.forward("anna", text)
            self.send("anna@mailcore.test", f"means {n} mailbox")
            self.find("anna", f"means {n} mailbox")

    def test_a_command_runs_as_the_user(self):
        self.script("take", 'cat >$HOME/mail; (id -un; id -gn; id -Gn; pwd; umask; ls -A /proc/$$/fd | tr "\\n" " "; echo; '
                    'grep NoNewPrivs /proc/self/status; echo "$1|$USER|$LOGNAME|$HOME|$SHELL|$SENDER|$RECIPIENT|'
                    '$ORIGINAL_RECIPIENT|$LOCAL|$EXTENSION|$DOMAIN"; ulimit -c) >$HOME/id.new 2>&1; mv $HOME/id.new $HOME/id')
        self.forward("anna", f'"|{self.out}/take \\"a, b\\""\n')
        self.submit("anna+ext@mailcore.test", "to a command")
        name = self.unix["anna"]
        lines = self.wait_file("id").split("\n")
        self.assertEqual(lines[:2], [name, name])
        self.assertEqual(set(lines[2].split()), {name, "mail"})
        self.assertEqual(lines[3], str(self.out))
        self.assertEqual(lines[4], "0077")
        self.assertEqual(set(lines[5].split()), {"0", "1", "2", "10"})  # 10: the shell's script
        self.assertEqual(lines[6].split(), ["NoNewPrivs:", "1"])
        self.assertEqual(lines[7], f"a, b|{name}|{name}|{self.out}|/bin/sh|dora@mailcore.test|anna@mailcore.test|"
                                   "anna+ext@mailcore.test|anna|ext|mailcore.test")
        self.assertEqual(lines[8], "0")
        mail = (self.out / "mail").read_text().split("\n")
        self.assertEqual(mail[1:4], ["Return-Path: <dora@mailcore.test>", "X-Original-To: anna+ext@mailcore.test",
                                     "Delivered-To: anna@mailcore.test"])
        self.wait_empty()
        self.assertEqual(self.has("anna", "to a command"), 0)

    def test_the_role_is_the_user(self):
        self.script("slow", "echo x >$HOME/begun; while [ ! -e $HOME/go ]; do sleep 0.05; done; cat >$HOME/slow.mail")
        self.forward("anna", f"|{self.out}/slow")
        self.send("anna@mailcore.test", "slowly")
        self.wait_file("begun")
        [row] = [r for r in self.mail.mailctl_json("status") if r["role"] == "forward" and r["pid"] in
                 self.mail.children("queued")["forward"] and r["account"] == self.unix["anna"]]
        status = dict(line.split(":\t", 1) for line in
                      pathlib.Path(f"/proc/{row['pid']}/status").read_text().splitlines() if ":\t" in line)
        uid = str(pwd.getpwnam(self.unix["anna"]).pw_uid)
        self.assertEqual(set(status["Uid"].split()), {uid})
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(int(status["CapEff"], 16), 0)
        (self.out / "go").touch()
        self.wait_file("slow.mail")
        self.wait_empty()

    def test_a_file_is_the_users(self):
        self.forward("anna", f"{self.out}/box, \\anna\n")
        self.send("anna@mailcore.test", "to a file")
        text = self.wait_file("box")
        self.wait_empty()
        text = (self.out / "box").read_text()
        self.assertEqual((self.out / "box").owner(), self.unix["anna"])
        self.assertEqual((self.out / "box").stat().st_mode & 0o777, 0o600)
        self.assertEqual(text.count("\n>From here on\n"), 1)
        self.assertIn("\nDelivered-To: anna@mailcore.test\n", text)
        self.find("anna", "to a file")

    def test_a_file_of_another_user_is_not_written(self):
        theirs = self.homes / "bert" / "box"
        theirs.write_text("")
        shutil.chown(theirs, self.unix["bert"])
        self.forward("anna", f"{theirs}")
        self.send("anna@mailcore.test", "not there")
        self.wait_reply("4.2.0 the file cannot be written")
        self.empty()
        self.assertEqual(theirs.read_text(), "")

    def test_to_other_hosts_and_users(self):
        self.forward("anna", "x@far.example, Bert <bert>, dora@mailcore.test\n\\anna\n")
        self.sink.taken.clear()
        self.send("anna@mailcore.test", "spread")
        wait_until(lambda: self.sink.taken, 20, "the relayed copy")
        [(sender, recipients)] = self.sink.taken
        self.assertEqual(recipients, ["x@far.example"])
        self.assertRegex(sender, "^SRS0=[a-z2-7]{6}=[a-z2-7]{2}=else.test=someone@mailcore.test$")
        self.assertTrue(self.sink.texts[-1].startswith("Delivered-To: anna@mailcore.test\r\nReceived:"))
        for user in "anna", "bert", "dora":
            self.assertEqual(self.find(user, "spread")["Return-Path"], "<someone@else.test>")
        self.wait_empty()

    def test_an_address_that_is_nobodys_fails_for_itself(self):
        self.forward("anna", "\\anna, nobody\n")
        self.submit("anna@mailcore.test", "half way")
        self.find("anna", "half way")
        self.find("dora", "rfc822;nobody@mailcore.test")

    def test_includes(self):
        members = self.out / "members"
        members.write_text("bert\ndora\n")
        shutil.chown(members, self.unix["anna"])
        self.forward("anna", f":include:{members}")
        self.send("anna@mailcore.test", "included")
        self.find("bert", "included")
        self.find("dora", "included")

    def test_what_is_not_to_be_trusted(self):
        (self.out / "real").write_text("dora\n")
        shutil.chown(self.out / "real", self.unix["bert"])

        def link():
            path = self.forward("anna", "")
            path.unlink()
            path.symlink_to(self.out / "real")

        def folder():
            path = self.forward("anna", "")
            path.unlink()
            path.mkdir()

        def fifo():
            path = self.forward("anna", "")
            path.unlink()
            os.mkfifo(path)
            shutil.chown(path, self.unix["anna"])
        cases = {
            "writable by the group": lambda: self.forward("anna", "dora", 0o664),
            "writable by all": lambda: self.forward("anna", "dora", 0o646),
            "another owner": lambda: self.forward("anna", "dora", owner=self.unix["bert"]),
            "unreadable": lambda: self.forward("anna", "dora", 0o200),
            "a link to another's": link,
            "a folder": folder,
            "a fifo": fifo,
            "a quote": lambda: self.forward("anna", 'dora\n"bert\n'),
            "an include": lambda: self.forward("anna", "dora, :include:/no/such/file\n"),
            "too large": lambda: self.forward("anna", "dora\n" * 20000),
            "too much": lambda: self.forward("anna", "".join(f"a{i}\n" for i in range(1200))),
        }
        for name, make in cases.items():
            with self.subTest(name):
                lines = self.mail.log().count("forward.refused")
                make()
                self.send("anna@mailcore.test", f"case {name}")
                self.find("anna", f"case {name}")
                self.assertEqual(self.mail.log().count("forward.refused"), lines + 1)
                path = self.homes / "anna" / ".forward"
                if path.is_dir():
                    path.rmdir()
        self.assertIn("/.forward:2: a quote is not closed", self.mail.log())
        self.assertIn("/.forward: others can write it", self.mail.log())
        self.wait_empty()
        self.assertEqual(self.has("dora", "case"), 0)

    def test_links_to_ones_own(self):
        real = self.out / "real"
        real.write_text("dora\n")
        shutil.chown(real, self.unix["anna"])
        (self.out / ".forward").symlink_to(real)
        self.send("anna@mailcore.test", "by a link")
        self.find("dora", "by a link")

    def test_a_home_that_is_not_there_is_waited_for(self):
        self.homes.joinpath("anna").rmdir()
        self.send("anna@mailcore.test", "homeless")
        self.assertIn("the home directory is not there", self.wait_reply("4.2.0")["reply"])
        self.setUp()
        self.forward("anna", "dora")
        self.find("dora", "homeless")

    def test_others_do_not_wait_for_it(self):
        self.forward("anna", "\\anna, bert")
        self.homes.joinpath("bert").rmdir()
        self.send("anna@mailcore.test", "in part")
        self.find("anna", "in part")
        self.assertEqual(self.wait_reply("4.2.0")["address"], "bert@mailcore.test")
        self.setUp()
        self.find("bert", "in part")

    def test_circles_end_in_the_mailbox(self):
        self.forward("anna", "bert\n")
        self.forward("bert", "anna\n")
        for user, other in ("anna", "bert"), ("bert", "anna"):
            self.send(f"{user}@mailcore.test", f"round from {user}")
            self.find(user, f"round from {user}")
            self.wait_empty()
            self.assertEqual(self.has(other, f"round from {user}"), 0)
        self.mail.wait_log("forward.circle")

    def test_everybody_gets_it_once(self):
        for user in self.unix:
            self.forward(user, "".join(f"{u}+x\n" if u != user else f"\\{u}\n" for u in self.unix))
        self.send("anna@mailcore.test", "to all of us")
        for user in self.unix:
            self.find(user, "to all of us")
        self.wait_empty()
        for user in self.unix:
            self.assertEqual(self.has(user, "to all of us"), 1)

    def test_through_aliases(self):
        (self.mail.dir / "aliases").write_text("team: anna, \\bert\nme: anna\n")
        wait_until(lambda: self.mail.mailctl("explain", "rcpt", "me@mailcore.test", check=False).returncode == 0,
                   20, "queued to read the aliases")
        self.forward("anna", "me, dora\n")
        self.forward("bert", "dora\n")

        def takes():
            try:
                self.send("team@mailcore.test", "by the alias")
                return True
            except smtplib.SMTPRecipientsRefused:
                return False
        wait_until(takes, 20, "smtpd to read the aliases")
        for user in "anna", "bert", "dora":
            self.find(user, "by the alias")
        steps = self.mail.mailctl_json("explain", "rcpt", "team@mailcore.test")
        self.assertEqual([(s["step"], s["subject"]) for s in steps],
                         [("alias", "team@mailcore.test"), ("account", "anna@mailcore.test"),
                          ("forward", "anna@mailcore.test"), ("account", "bert@mailcore.test")])
        self.assertEqual(steps[2]["detail"], f"~/.forward of the Unix user {self.unix['anna']} is read at delivery")

    def test_codes_of_commands(self):
        self.script("end", 'cat >/dev/null; echo "because $1"; exit $1')
        self.forward("anna", f'"|{self.out}/end 67"')
        self.submit("anna@mailcore.test", "final")
        notice = self.find("dora", "rfc822;anna@mailcore.test")
        told = notice.get_payload()[1].get_payload()[1]
        self.assertEqual((told["Action"], told["Status"]), ("failed", "5.1.1"))
        self.assertIn("because 67", told["Diagnostic-Code"])
        self.forward("anna", f'"|{self.out}/end 75"')
        self.send("anna@mailcore.test", "not final")
        row = self.wait_reply("4.3.0")
        self.assertEqual((row["address"], row["kind"], row["target"]),
                         ("anna@mailcore.test", "user-command", f"{self.out}/end 75"))
        self.assertIn(f"|{self.out}/end 75", self.mail.mailctl("queue", "list").stdout)
        why = self.mail.mailctl_json("queue", "why", "anna@mailcore.test")
        self.assertEqual(why[0]["target"], f"{self.out}/end 75")
        # What the file names no more is not run.
        self.forward("anna", "dora")
        self.find("anna", "not final")
        self.mail.wait_log("forward.unnamed")
        self.wait_empty()

    def test_mail_that_a_command_sends_back(self):
        self.script("keep", "cat >$HOME/kept.new; mv $HOME/kept.new $HOME/kept")
        self.forward("anna", f"|{self.out}/keep")
        self.send("anna@mailcore.test", "comes back")
        text = self.wait_file("kept").split("\n", 1)[1].replace("\n", "\r\n")
        self.wait_empty()
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("dora@mailcore.test", PASSWORD)
            client.sendmail("dora@mailcore.test", ["anna@mailcore.test"], text)
        self.find("dora", "5.4.6")

    def test_mail_that_another_host_sends_back(self):
        self.forward("anna", "x@far.example\n")
        self.sink.taken.clear()
        self.send("anna@mailcore.test", "out and back")
        wait_until(lambda: self.sink.taken, 20, "the relayed copy")
        self.wait_empty()
        text = self.sink.texts[-1]
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("dora@mailcore.test", PASSWORD)
            client.sendmail("dora@mailcore.test", ["anna@mailcore.test", "anna+other@mailcore.test"], text)
        self.find("dora", "5.4.6")
        self.find("anna", "out and back")  # the address with the tag had none of it yet
        self.wait_empty()
        self.assertEqual(len(self.sink.taken), 1)

    def test_a_killed_process_loses_no_mail(self):
        self.script("wait", "echo x >>$HOME/begun; while [ ! -e $HOME/go ]; do sleep 0.05; done; cat >>$HOME/done")
        self.forward("anna", f"|{self.out}/wait")
        self.send("anna@mailcore.test", "killed over")
        for n in range(1, 3):
            wait_until(lambda: (self.out / "begun").exists() and (self.out / "begun").read_text().count("x") >= n, 30,
                       "the command")
            [pid] = [r["pid"] for r in self.mail.mailctl_json("status")
                     if r["role"] == "forward" and r["account"] == self.unix["anna"]]
            os.kill(pid, signal.SIGKILL)
        (self.out / "go").touch()
        wait_until(lambda: (self.out / "done").exists() and "killed over" in (self.out / "done").read_text(), 30, "it")
        self.wait_empty()

    def test_users_that_are_refused(self):
        name = f"mct{os.getpid()}tmp"
        self.addCleanup(remove_unix_user, name)
        self.addCleanup(self.mail.mailctl, "account", "set", "dora@mailcore.test", "unix_user=none")
        add_unix_user(name, self.homes / "anna")
        self.forward("anna", f"|/usr/bin/touch {self.out}/owned\n", owner="root")
        self.mail.mailctl("account", "set", "dora@mailcore.test", f"unix_user={name}")
        subprocess.run(["usermod", "--non-unique", "--uid", "0", name], check=True, capture_output=True)
        self.send("dora@mailcore.test", "for root")
        self.find("dora", "for root")
        self.mail.wait_log("root's programs are not run for mail")
        for pid in self.mail.children("queued")["forward"]:
            self.assertNotIn("\nUid:\t0\t", pathlib.Path(f"/proc/{pid}/status").read_text())
        self.assertFalse((self.out / "owned").exists())
        self.mail.mailctl("account", "set", "dora@mailcore.test", "unix_user=mailstore")
        self.send("dora@mailcore.test", "for the store")
        self.find("dora", "for the store")
        self.mail.wait_log("it is a user of the daemons")

    def test_a_command_ends_with_its_time(self):
        """Mail of a user whose commands are slow does not hold up that of others."""
        self.script("hang", "echo x >>$HOME/hung; sleep 1000")
        self.forward("anna", f"|{self.out}/hang")
        for n in range(6):
            self.send("anna@mailcore.test", f"hang {n}")
        self.wait_file("hung")
        self.forward("bert", "dora")
        self.send("bert@mailcore.test", "past it")
        self.find("dora", "past it")
        self.wait_reply("4.3.0 the command took too long")
        self.forward("anna", "\\anna")
        for n in range(6):
            self.find("anna", f"hang {n}")


@unittest.skipUnless(os.geteuid() == 0, "needs other users")
class NoIsolation(Users):
    """One user for all: no process can become another."""
    ISOLATION = "none"
    FORWARDING = ("anna",)

    def test_mail_goes_to_the_mailbox(self):
        self.forward("anna", f"|/usr/bin/touch {self.out}/owned\n")
        self.send("anna@mailcore.test", "to nobody else")
        self.find("anna", "to nobody else")
        self.mail.wait_log("no process can become another user")
        self.assertFalse((self.out / "owned").exists())


class OwnUser(Users):
    """Started by an ordinary user: his own forward file counts, and nobody else's."""
    ISOLATION = "none"
    FORWARDING = ("anna", "bert")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = cls.unix["anna"]
        runner = ["setpriv", "--reuid", name, "--regid", name, "--init-groups"]
        program = cls.mail.build / "queued"
        if subprocess.run([*runner, program, "-V"], capture_output=True, check=False).returncode:
            raise unittest.SkipTest("an ordinary user cannot run the programs where they are")
        cls.mail.stop()
        cls.mail.dir.chmod(0o755)
        for path in cls.mail.dir.iterdir():
            subprocess.run(["chown", "-R", name, path], check=True)
        shutil.chown(cls.mail.dir, name)
        cls.mail.runner = runner
        cls.mail.start()

    def test_only_his_own_counts(self):
        self.script("tell", "id -un >$HOME/who.new; mv $HOME/who.new $HOME/who")
        self.forward("anna", f"|{self.out}/tell\n")
        self.forward("bert", "dora")
        self.send("anna@mailcore.test", "by a user")
        self.assertEqual(self.wait_file("who").strip(), self.unix["anna"])
        self.send("bert@mailcore.test", "of another")
        self.find("bert", "of another")
        self.mail.wait_log("no process can become another user")


class NoChroot(Users):
    ISOLATION = "no-chroot"
    FORWARDING = ("anna",)

    def test_a_command_runs_as_the_user(self):
        self.script("tell", "id -un >$HOME/who.new; mv $HOME/who.new $HOME/who")
        self.forward("anna", f"|{self.out}/tell\n")
        self.send("anna@mailcore.test", "who am I")
        self.assertEqual(self.wait_file("who").strip(), self.unix["anna"])


class Off(Users):
    MORE = 'forward_file = ""'
    FORWARDING = ("anna",)

    def test_no_file_is_read(self):
        self.forward("anna", "dora")
        self.send("anna@mailcore.test", "not forwarded")
        self.find("anna", "not forwarded")
        self.assertNotIn("forward", self.mail.children("queued"))


if __name__ == "__main__":
    unittest.main()
