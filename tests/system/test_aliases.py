"""Aliases: where mail goes through them, and commands and files at their ends."""
import email
import os
import pathlib
import smtplib
import socketserver
import stat
import threading
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until

TEXT = b"From: <anna@mailcore.test>\r\nSubject: {}\r\n\r\nhello\r\nFrom here on\r\n"


class Aliases(SystemTest):
    USERS = ("anna", "bert", "postmaster")
    OPTIONS = 'aliases = "aliases"\ndefault_domain = "mailcore.test"\nalias_user = "root"'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = cls.mail.dir / "out"
        cls.out.mkdir()
        cls.write({"root": "anna"})

    @classmethod
    def write(cls, aliases, includes=None):
        """New alias files, and the daemons have read them."""
        for name, text in (includes or {}).items():
            (cls.mail.dir / name).write_text(text)
        lines = [f"{name}: {targets}" for name, targets in aliases.items()]
        marker = f"marker{os.urandom(6).hex()}"
        (cls.mail.dir / "aliases.new").write_text("\n".join(lines + [f"{marker}: anna", ""]))
        os.rename(cls.mail.dir / "aliases.new", cls.mail.dir / "aliases")
        wait_until(lambda: cls.mail.mailctl("explain", "rcpt", f"{marker}@mailcore.test", check=False).returncode == 0,
                   20, "queued to read the aliases")

        def smtpd_knows():
            with cls.mail.smtp() as client:
                client.helo()
                client.mail("someone@else.test")
                return client.rcpt(f"{marker}@mailcore.test")[0] == 250
        wait_until(smtpd_knows, 20, "smtpd to read the aliases")

    def script(self, name, text):
        path = self.out / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def submit(self, to, subject, rcpt_options=(), mail_options=()):
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("anna@mailcore.test", PASSWORD)
            client.sendmail("anna@mailcore.test", [to], TEXT.replace(b"{}", subject.encode()), mail_options,
                            rcpt_options)

    def find(self, user, subject, count=1):
        client = self.mail.imap(user)

        def look():
            client.select("INBOX")
            _, hits = client.uid("SEARCH", "HEADER", "SUBJECT", f'"{subject}"')
            return hits[0].split() if len(hits[0].split()) >= count else None
        try:
            uids = wait_until(look, 20, f"{subject} for {user}")
            self.assertEqual(len(uids), count)
            _, data = client.uid("FETCH", uids[-1], "(BODY.PEEK[])")
            return email.message_from_bytes(next(d[1] for d in data if isinstance(d, tuple)))
        finally:
            client.logout()

    def queued(self, subject=None):
        return [r for m in self.mail.mailctl_json("queue", "list") for r in m["recipients"]]

    def bounce(self, about, recipient="anna"):
        """The notice about a recipient, taken away."""
        client = self.mail.imap(recipient)

        def look():
            client.select("INBOX")
            _, hits = client.uid("SEARCH", "BODY", f'"Final-Recipient: rfc822;{about}"')
            return hits[0].split()
        try:
            uid = wait_until(look, 20, f"notice about {about}")[-1]
            _, data = client.uid("FETCH", uid, "(BODY.PEEK[])")
            client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
            client.expunge()
        finally:
            client.logout()
        notice = email.message_from_bytes(next(d[1] for d in data if isinstance(d, tuple)))
        self.assertEqual(notice.get_content_type(), "multipart/report")
        _, recipients = notice.get_payload()[1].get_payload()[:2]
        return recipients

    def test_an_alias_is_delivered(self):
        self.write({"Info": "anna, bert", "both": "info, anna@mailcore.test, bert"})
        self.mail.send(TEXT.replace(b"{}", b"to both"), ["both@mailcore.test"])
        self.assertEqual(self.find("anna", "to both")["Delivered-To"], "anna@mailcore.test")
        self.find("bert", "to both")

    def test_names_of_the_host_and_the_unknown(self):
        self.write({"daemon": "anna"})
        self.mail.send(TEXT.replace(b"{}", b"to host"), ["daemon@mx.mailcore.test"])
        self.find("anna", "to host")
        for address in "nobody@mailcore.test", "loop@mailcore.test":
            with self.assertRaises(smtplib.SMTPRecipientsRefused):
                self.mail.send(TEXT, [address])

    def test_a_circle_costs_its_branch(self):
        self.write({"one": "two", "two": "one, bert", "only": "loop", "loop": "only"})
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.mail.send(TEXT, ["only@mailcore.test"])
        self.submit("one@mailcore.test", "circle")
        self.find("bert", "circle")
        self.assertEqual(self.bounce("one@mailcore.test")["Status"], "5.4.6")

    def test_a_list_has_its_owner(self):
        self.write({"list": f":include:{self.mail.dir}/members", "owner-list": "bert"},
                   {"members": "anna\ngone\n"})
        self.mail.send(TEXT.replace(b"{}", b"to the list"), ["list@mailcore.test"], "stranger@else.test")
        self.assertEqual(self.find("anna", "to the list")["Return-Path"], "<owner-list@mailcore.test>")
        self.assertEqual(self.bounce("gone@mailcore.test", "bert")["Status"], "5.1.1")

    def test_an_include_is_read_again(self):
        self.write({"list2": f":include:{self.mail.dir}/changing"}, {"changing": "anna\n"})
        (self.mail.dir / "changing").write_text("bert\n# anna\n")

        def explained():
            steps = self.mail.mailctl_json("explain", "rcpt", "list2@mailcore.test")
            return [s["subject"] for s in steps if s["step"] == "account"]
        wait_until(lambda: explained() == ["bert@mailcore.test"], 20, "the new members")
        self.mail.send(TEXT.replace(b"{}", b"to new members"), ["list2@mailcore.test"])
        self.find("bert", "to new members")

    def rcpt(self, address):
        with self.mail.smtp() as client:
            client.helo()
            client.mail("someone@else.test")
            return client.rcpt(address)[0]

    def test_a_list_without_members_fails_and_a_missing_one_waits(self):
        """Everybody may have left; but a file that is not there is a mistake that can be mended."""
        self.write({"list3": f":include:{self.mail.dir}/left"}, {"left": "# nobody\n"})
        wait_until(lambda: self.rcpt("list3@mailcore.test") == 550, 20, "a list that is empty")
        (self.mail.dir / "left").write_text("")
        self.mail.wait_log("alias.empty")
        wait_until(lambda: self.rcpt("list3@mailcore.test") == 550, 20, "a file that is empty")
        (self.mail.dir / "left").unlink()
        wait_until(lambda: self.rcpt("list3@mailcore.test") == 451, 20, "a list that is not there")
        (self.mail.dir / "left").write_text("bert\n")
        wait_until(lambda: self.rcpt("list3@mailcore.test") == 250, 20, "a list with a member")

    def test_others_may_list_addresses_only(self):
        (self.mail.dir / "theirs").write_text("bert\n|/bin/touch /tmp/owned\n/etc/passwd\n")
        os.chown(self.mail.dir / "theirs", 65534, 65534)
        self.write({"theirs": f":include:{self.mail.dir}/theirs"})
        self.mail.wait_log("alias.refused")
        self.submit("theirs@mailcore.test", "theirs")
        self.find("bert", "theirs")
        self.assertFalse(os.path.exists("/tmp/owned"))
        self.assertEqual(self.bounce("/bin/touch /tmp/owned")["Status"], "5.3.5")

    def test_broken_lines_cost_themselves(self):
        self.write({"broken": '"anna', "whole": "bert"})
        self.mail.wait_log("alias.bad-line")
        self.mail.send(TEXT.replace(b"{}", b"to whole"), ["whole@mailcore.test"])
        self.find("bert", "to whole")

    def test_aliases_of_the_database(self):
        self.mail.mailctl("alias", "add", "sales@mailcore.test", "bert", "x@far.example")
        self.mail.mailctl("alias", "add", "sales@mailcore.test", "bert", "anna@mailcore.test")
        self.assertEqual(self.mail.mailctl_json("alias", "list"),
                         [{"alias": "sales@mailcore.test",
                           "targets": ["bert@mailcore.test", "x@far.example", "anna@mailcore.test"]}])
        self.mail.mailctl("alias", "remove", "sales@mailcore.test", "x@far.example")
        self.mail.send(TEXT.replace(b"{}", b"to sales"), ["sales+tag@mailcore.test"])
        self.find("anna", "to sales")
        self.find("bert", "to sales")
        self.mail.mailctl("alias", "remove", "sales@mailcore.test")
        self.assertEqual(self.mail.mailctl("alias", "list").stdout, "")
        self.assertEqual(self.mail.mailctl("alias", "remove", "sales@mailcore.test", check=False).returncode, 67)

    def test_explain(self):
        self.write({"chief": "anna, one2", "one2": "|/bin/true"})
        steps = self.mail.mailctl_json("explain", "rcpt", "chief+x@mailcore.test")
        self.assertEqual([(s["depth"], s["step"], s["subject"]) for s in steps],
                         [(1, "alias", "chief@mailcore.test"), (1, "account", "anna@mailcore.test"),
                          (2, "alias", "one2@mailcore.test"), (2, "command", "/bin/true")])
        self.assertTrue(steps[0]["detail"].endswith("/aliases:1"), steps)
        self.assertEqual(self.mail.mailctl("explain", "rcpt", "no@mailcore.test", check=False).returncode, 67)

    # -- commands

    def test_a_command_gets_the_message(self):
        self.script("take", f'cat >{self.out}/taken.new; echo "$#|$1|$SENDER|$RECIPIENT|$ORIGINAL_RECIPIENT|$LOCAL|'
                    f'$EXTENSION|$DOMAIN|$ENVID|$USER|$SHELL" >{self.out}/env; mv {self.out}/taken.new {self.out}/taken')
        self.write({"cmd": f'"|{self.out}/take \\"a b; $HOME\\""'})
        self.submit("cmd+ext@mailcore.test", "command", mail_options=["ENVID=E7"])
        wait_until((self.out / "taken").exists, 20, "the command's output")
        lines = (self.out / "taken").read_bytes().split(b"\n")
        self.assertTrue(lines[0].startswith(b"From anna@mailcore.test "), lines)
        self.assertEqual(lines[1:4], [b"Return-Path: <anna@mailcore.test>", b"X-Original-To: cmd+ext@mailcore.test",
                                      b"Delivered-To: cmd@mailcore.test"])
        self.assertNotIn(b"\r", b"\n".join(lines))
        self.assertEqual(lines[-3:], [b"hello", b"From here on", b""])
        self.assertEqual((self.out / "env").read_text().strip(),
                         "1|a b; $HOME|anna@mailcore.test|cmd@mailcore.test|cmd+ext@mailcore.test|cmd|ext|mailcore.test"
                         "|E7|root|/bin/sh")

    def test_codes_of_the_end(self):
        final = {1: "5.3.0", 64: "5.3.5", 65: "5.6.0", 67: "5.1.1", 69: "5.3.0", 77: "5.7.0", 78: "5.3.5"}
        later = {71: "4.3.0", 73: "4.2.0", 74: "4.3.0", 75: "4.3.0", 126: "4.3.5", 127: "4.3.5"}
        script = self.script("end", 'cat >/dev/null; echo "because $1"; exit $1')
        names = {f"end{code}": f'"|{script} {code}"' for code in [*final, *later]}
        names["killed"] = f'"|{self.script("kill", "kill -9 $$")}"'
        names["missing"] = '"|/no/such/program"'
        names["own"] = f'"|{self.script("own", "echo 5.2.1 closed for good; exit 75")}"'
        self.write(names)
        for code, status in final.items():
            self.submit(f"end{code}@mailcore.test", f"end {code}")
        self.submit("own@mailcore.test", "own code")
        for code, status in final.items():
            told = self.bounce(f"end{code}@mailcore.test")
            self.assertEqual((told["Action"], told["Status"]), ("failed", status))
            self.assertIn(f"because {code}", told["Diagnostic-Code"])
        self.assertEqual(self.bounce("own@mailcore.test")["Status"], "5.2.1")
        waiting = {f"end{code}@mailcore.test": status for code, status in later.items()}
        waiting.update({"killed@mailcore.test": "4.3.0", "missing@mailcore.test": "4.3.5"})
        for address in waiting:
            self.submit(address, "later")

        def deferred():
            return {r["address"]: r["reply"][:5] for r in self.queued() if r["reply"]}
        wait_until(lambda: deferred() == waiting, 20, "all to be deferred")
        targets = {r["address"]: r["target"] for r in self.queued()}
        self.assertEqual(targets["end75@mailcore.test"], f"{script} 75")
        wait_until(self.is_emptied, 20, "an empty queue")

    def test_commands_that_misbehave(self):
        self.script("fork", f'for i in 1 2 3; do (setsid sh -c "echo \\$\\$ >>{self.out}/forked; sleep 1000" &) ; done; '
                    f'while [ $(wc -l <{self.out}/forked) -lt 3 ]; do :; done')
        self.script("shout", 'head -c 30000000 /dev/zero | tr "\\0" x; cat >/dev/null')
        self.script("deaf", "exit 0")
        (self.out / "forked").write_text("")
        self.write({name: f'"|{self.out}/{name}"' for name in ("fork", "shout", "deaf")})
        with self.mail.smtp() as client:
            client.sendmail("someone@else.test", [f"{n}@mailcore.test" for n in ("fork", "shout", "deaf")],
                            b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 20000)
        wait_until(lambda: self.queued() == [], 60, "all to be delivered")
        for pid in map(int, (self.out / "forked").read_text().split()):
            self.assertFalse(self.runs(pid), "a process outlived its command")

    @staticmethod
    def runs(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def test_a_command_that_sends_it_back(self):
        """What was delivered to an address does not come to it again."""
        self.script("again", f'cat >{self.out}/again.mail')
        self.write({"again": f'"|{self.out}/again"'})
        self.submit("again@mailcore.test", "round")
        wait_until((self.out / "again.mail").exists, 20, "the mail")
        wait_until(lambda: self.queued() == [], 20, "an empty queue")
        text = (self.out / "again.mail").read_bytes().split(b"\n", 1)[1].replace(b"\n", b"\r\n")
        with self.mail.smtp() as client:
            client.connect("127.0.0.1", self.mail.ports["submission"])
            client.starttls(context=self.mail.tls())
            client.login("anna@mailcore.test", PASSWORD)
            client.sendmail("anna@mailcore.test", ["again@mailcore.test"], text)
        self.assertEqual(self.bounce("again@mailcore.test")["Status"], "5.4.6")

    # -- files

    def test_files(self):
        box = self.out / "box"
        self.write({"box": str(box), "void": "/dev/null", "linked": f"{self.out}/linked"})
        os.symlink("/etc/motd", self.out / "linked")
        for subject in "first", "second":
            self.submit("box@mailcore.test", subject)
            wait_until(lambda: self.queued() == [], 20, "an empty queue")
        text = box.read_text()
        self.assertEqual(stat.S_IMODE(box.stat().st_mode), 0o600)
        self.assertEqual(text.count("\nSubject: first\n"), 1)
        self.assertEqual([line for line in text.split("\n") if line.startswith("From ")],
                         [line for line in text.split("\n") if line.startswith("From anna@mailcore.test ")])
        self.assertEqual(text.count("\n>From here on\n"), 2)
        self.submit("void@mailcore.test", "nothing")
        self.mail.wait_log("thrown away")
        self.submit("linked@mailcore.test", "link")
        wait_until(lambda: any((r["reply"] or "").startswith("4.3.5") for r in self.queued()), 20, "the deferral")
        wait_until(self.is_emptied, 20, "an empty queue")

    def is_emptied(self):
        """What is being tried at this moment cannot be deleted."""
        self.mail.mailctl("queue", "delete", "--all", check=False)
        return self.queued() == []


class Sleeping(SystemTest):
    USERS = ("anna",)
    OPTIONS = 'aliases = "aliases"\ndefault_domain = "mailcore.test"\ncommand_timeout = 3s'

    def test_a_command_that_takes_too_long(self):
        asleep = self.mail.dir / "asleep"
        script = self.mail.dir / "sleep"
        script.write_text(f"#!/bin/sh\ntrap '' TERM\necho $$ >{asleep}.new; mv {asleep}.new {asleep}\n"
                          "while :; do sleep 1000; done\n")
        script.chmod(0o755)
        (self.mail.dir / "aliases").write_text(f'sleep: "|{script}"\n')

        def takes():
            try:
                self.mail.send(TEXT, ["sleep@mailcore.test"])
                return True
            except smtplib.SMTPRecipientsRefused:
                return False
        wait_until(takes, 20, "smtpd to read the aliases")
        wait_until(asleep.exists, 30, "the command")
        pid = int(asleep.read_text())  # of the first attempt
        wait_until(lambda: any("too long" in (r["reply"] or "")
                               for m in self.mail.mailctl_json("queue", "list") for r in m["recipients"]),
                   30, "the time-out")
        wait_until(lambda: not Aliases.runs(pid), 10, "the command's end")


class Sink(socketserver.ThreadingTCPServer):
    """Another host: takes all mail, and remembers who is said to have sent it."""
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), SinkHandler)
        self.taken, self.texts = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class SinkHandler(socketserver.StreamRequestHandler):
    def handle(self):
        def say(text):
            self.wfile.write(text.encode() + b"\r\n")
        sender, recipients = None, []
        say("220 sink")
        for line in self.rfile:
            word = line.strip().upper()
            if word.startswith(b"MAIL"):
                sender, recipients = line.split(b"<")[1].split(b">")[0].decode(), []
            elif word.startswith(b"RCPT"):
                recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            elif word == b"DATA":
                say("354 go on")
                text = list(iter(self.rfile.readline, b".\r\n"))
                self.server.texts.append(b"".join(text).decode())
                self.server.taken.append((sender, sorted(recipients)))
            elif word == b"QUIT":
                say("221 bye")
                return
            say("250 ok")


class Forwarding(SystemTest):
    USERS = ("anna", "bert", "postmaster")

    @classmethod
    def setUpClass(cls):
        cls.sink = Sink()
        port = cls.sink.server_address[1]
        cls.OPTIONS = ('aliases = "aliases"\ndefault_domain = "mailcore.test"\n'
                       f'route "*" {{ host = "[127.0.0.1]" port = {port} tls = none }}')
        super().setUpClass()
        (cls.mail.dir / "aliases").write_text(
            "list: one@far.example, two@far.example\nowner-list: bert\nboth: list, three@far.example\n"
            "away: four@far.example\n")
        wait_until(cls.is_read, 20, "the aliases")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.sink.shutdown()
        cls.sink.server_close()

    @classmethod
    def is_read(cls):
        try:
            cls.mail.send(TEXT, ["away@mailcore.test"], "anna@mailcore.test")
            return True
        except smtplib.SMTPRecipientsRefused:
            return False

    def taken(self, *recipients):
        return wait_until(lambda: [s for s, r in self.sink.taken if r == sorted(recipients)], 20, str(recipients))

    def test_senders(self):
        self.assertEqual(self.taken("four@far.example"), ["anna@mailcore.test"])  # one of ours: it stays
        self.sink.taken.clear()
        self.mail.send(TEXT, ["both@mailcore.test"], "stranger@else.test")
        self.assertEqual(self.taken("one@far.example", "two@far.example"), ["owner-list@mailcore.test"])
        [sender] = self.taken("three@far.example")
        self.assertRegex(sender, "^SRS0=[a-z2-7]{6}=[a-z2-7]{2}=else.test=stranger@mailcore.test$")
        self.mail.send(TEXT, [sender], "")
        self.assertEqual(self.taken("stranger@else.test"), [""])
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.mail.send(TEXT, [sender.replace("stranger", "another")], "")


@unittest.skipUnless(os.geteuid() == 0, "full isolation needs root")
class LockedIn(SystemTest):
    """As installed: each role with its user, in its place."""
    USERS = ("anna",)
    ISOLATION = "full"
    OPTIONS = 'aliases = "aliases"\ndefault_domain = "mailcore.test"'

    def test_commands_run_as_alias_user(self):
        out = self.mail.dir / "out"
        out.mkdir()
        out.chmod(0o777)
        (out / "take").write_text(f'#!/bin/sh\n(id -un; id -Gn; pwd; umask; ls -A /proc/$$/fd) >{out}/id.new 2>&1\n'
                                  f'cat >>{out}/id.new; mv {out}/id.new {out}/id\n')
        (out / "take").chmod(0o755)
        (self.mail.dir / "aliases").write_text(f'cmd: "|{out}/take"\nbox: {out}/box\nroot: anna, cmd\n')
        wait_until(lambda: self.mail.mailctl("explain", "rcpt", "root@mailcore.test", check=False).returncode == 0,
                   20, "queued to read the aliases")
        steps = [s["step"] for s in self.mail.mailctl_json("explain", "rcpt", "root@mailcore.test")]
        self.assertEqual(steps, ["alias", "account", "alias", "command"])

        def takes():
            try:
                self.mail.send(TEXT, ["root@mailcore.test", "box@mailcore.test"])
                return True
            except smtplib.SMTPRecipientsRefused:
                return False
        wait_until(takes, 20, "smtpd to read the aliases")
        self.mail.wait_messages("anna", 1)
        wait_until((out / "id").exists, 20, "the command's output")
        lines = (out / "id").read_text().split("\n")
        self.assertEqual(lines[:2], ["nobody", "nogroup"])
        self.assertEqual(lines[3], "0077")
        self.assertEqual(set(lines[4:8]), {"0", "1", "2", "10"})  # 10: the shell's script
        self.assertTrue(lines[8].startswith("From "), lines)
        wait_until((out / "box").exists, 20, "the file")
        self.assertEqual((out / "box").owner(), "nobody")


if __name__ == "__main__":
    unittest.main()
