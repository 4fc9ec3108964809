"""The whole path, driven by clients that nobody here wrote."""
import email
import os
import pathlib
import smtplib
import subprocess
import unittest

from base import SystemTest
from instance import PASSWORD, wait_until

BODY = "Dear Anna,\r\n.a line that starts with a dot\r\n..two\r\nBye\r\n"


def message(subject, body=BODY):
    return (f"From: Bert <bert@mailcore.test>\r\nTo: Anna <anna@mailcore.test>\r\n"
            f"Subject: {subject}\r\n\r\n{body}")


class Clients(SystemTest):
    def run_client(self, *command, stdin=None, env=None):
        done = subprocess.run([str(c) for c in command], input=stdin, capture_output=True, text=True,
                              timeout=60, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def found(self, subject, user="anna"):
        """The message's raw bytes, once it is there."""
        client = self.mail.imap(user)

        def look():
            client.select("INBOX")
            _, hits = client.uid("SEARCH", "SUBJECT", f'"{subject}"')
            return hits[0].split()
        try:
            uid = wait_until(look, 20, f"message {subject}")[-1]
            _, data = client.uid("FETCH", uid, "(BODY.PEEK[])")
            return data[0][1]
        finally:
            client.logout()

    def assert_arrived(self, subject, body=BODY):
        raw = self.found(subject)
        self.assertTrue(raw.split(b"\r\n\r\n", 1)[1] == body.encode(), raw[-300:])
        parsed = email.message_from_bytes(raw)
        self.assertIn("Received", parsed)
        self.assertIn("Return-Path", parsed)
        return parsed

    def test_swaks_inbound_and_starttls(self):
        for name, options in (("plain", []), ("tls", ["--tls"])):
            self.run_client("swaks", "--server", "127.0.0.1", "--port", self.mail.ports["smtp"],
                            "--from", "x@else.test", "--to", "anna@mailcore.test", "--data",
                            message(f"swaks-{name}").replace("\r\n", "\n"), *options)
            self.found(f"swaks-{name}")

    def test_swaks_authenticated(self):
        for mechanism in ("PLAIN", "LOGIN"):
            for port, tls in (("submission", "--tls"), ("submissions", "--tls-on-connect")):
                subject = f"swaks-{mechanism}-{port}"
                self.run_client("swaks", "--server", "localhost", "--port", self.mail.ports[port], tls,
                                "--auth", mechanism, "--auth-user", "bert@mailcore.test",
                                "--auth-password", PASSWORD, "--from", "bert@mailcore.test",
                                "--to", "anna@mailcore.test", "--data",
                                f"From: bert@mailcore.test\nSubject: {subject}\n\nhello\n")
                parsed = email.message_from_bytes(self.found(subject))
                self.assertIn("Date", parsed)
                self.assertIn("Message-ID", parsed)

    def test_curl_smtp_imap_pop3(self):
        common = ["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", self.mail.cert,
                  "--user", f"anna@mailcore.test:{PASSWORD}"]
        self.run_client(*common, "--url", f"smtps://localhost:{self.mail.ports['submissions']}",
                        "--mail-from", "anna@mailcore.test", "--mail-rcpt", "anna@mailcore.test",
                        "--upload-file", "-", stdin=message("curl-all"))
        self.assert_arrived("curl-all")
        text = self.run_client(*common, "--url", f"imaps://localhost:{self.mail.ports['imaps']}/INBOX",
                               "--request", 'SEARCH SUBJECT "curl-all"')
        self.assertRegex(text, r"\* SEARCH \d+")
        number = text.split()[-1]
        text = self.run_client(*common, "--url",
                               f"imaps://localhost:{self.mail.ports['imaps']}/INBOX;MAILINDEX={number}")
        self.assertIn("curl-all", text)
        text = self.run_client(*common, "--url", f"pop3s://localhost:{self.mail.ports['pop3s']}/{number}")
        self.assertIn("curl-all", text)

    def test_mbsync_scram(self):
        conf = self.mail.dir / "scramrc"
        (self.mail.dir / "scram").mkdir()
        conf.write_text(
            f"IMAPStore far\nHost localhost\nPort {self.mail.ports['imaps']}\nUser anna@mailcore.test\n"
            f'Pass "{PASSWORD}"\nSSLType IMAPS\nCertificateFile {self.mail.cert}\n'
            f"AuthMechs SCRAM-SHA-256\n\nMaildirStore near\nPath {self.mail.dir}/scram/\n\n"
            "Channel c\nFar :far:\nNear :near:\nPatterns *\n")
        self.assertIn("INBOX", self.run_client("mbsync", "-c", conf, "-l", "-a"))

    def test_msmtp(self):
        conf = self.mail.dir / "msmtprc"
        conf.write_text(f"account default\nhost localhost\nport {self.mail.ports['submission']}\ntls on\n"
                        f"tls_starttls on\ntls_trust_file {self.mail.cert}\nauth scram-sha-256\n"
                        f"user anna@mailcore.test\npassword {PASSWORD}\nfrom anna@mailcore.test\n")
        conf.chmod(0o600)
        self.run_client("msmtp", "-C", conf, "anna@mailcore.test", stdin=message("msmtp"))
        self.assert_arrived("msmtp")

    def test_mbsync_twice(self):
        self.mail.send(message("mbsync"), ["bert"])
        self.mail.wait_messages("bert", 1)
        box = self.mail.dir / "mbsync"
        box.mkdir()
        conf = self.mail.dir / "mbsyncrc"
        conf.write_text(
            f"IMAPAccount a\nHost localhost\nPort {self.mail.ports['imaps']}\nUser bert@mailcore.test\n"
            f'Pass "{PASSWORD}"\nSSLType IMAPS\nCertificateFile {self.mail.cert}\n\n'
            f"IMAPStore far\nAccount a\n\nMaildirStore near\nPath {box}/\nInbox {box}/INBOX\n"
            "SubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\n"
            "Expunge Both\nSync All\nSyncState *\n")
        self.run_client("mbsync", "-c", conf, "-a")
        files = [p for p in (box / "INBOX").rglob("*") if p.is_file() and p.parent.name in ("cur", "new")]
        self.assertTrue(any("Subject: mbsync" in p.read_text() for p in files))
        for path in files:  # seen and flagged here, so it must be there
            path.rename(path.parent.parent / "cur" / (path.name.split(":")[0] + ":2,FS"))
        (box / "INBOX" / "new" / "1.local.test").write_text(message("uploaded").replace("\r\n", "\n"))
        self.run_client("mbsync", "-c", conf, "-a")
        client = self.mail.imap("bert")
        client.select("INBOX")
        self.assertTrue(client.search(None, "FLAGGED", "SEEN", "SUBJECT", "mbsync")[1][0])
        self.assertTrue(client.search(None, "SUBJECT", "uploaded")[1][0])
        client.logout()

    def test_fetchmail(self):
        self.mail.send(message("fetchmail"), ["bert"])
        self.found("fetchmail", "bert")
        out = self.mail.dir / "fetched"
        for protocol, port in (("pop3", "pop3s"), ("imap", "imaps")):
            conf = self.mail.dir / "fetchmailrc"
            conf.write_text(f"poll localhost service {self.mail.ports[port]} protocol {protocol}\n"
                            f'  user "bert@mailcore.test" password "{PASSWORD}" ssl\n'
                            f'  sslcertck sslcertfile "{self.mail.cert}" keep fetchall\n'
                            f'  mda "cat >>{out}-{protocol}"\n')
            conf.chmod(0o600)
            self.run_client("fetchmail", "-f", conf, "--nodetach", "--nosyslog",
                            env={"HOME": str(self.mail.dir), "FETCHMAILHOME": str(self.mail.dir)})
            self.assertIn("Subject: fetchmail", pathlib.Path(f"{out}-{protocol}").read_text())

    def test_python_smtplib_starttls_scram_refuses_wrong_password(self):
        with smtplib.SMTP("localhost", self.mail.ports["submission"], timeout=20) as client:
            client.starttls(context=self.mail.tls())
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                client.login("anna@mailcore.test", "wrong")
        with smtplib.SMTP_SSL("localhost", self.mail.ports["submissions"], context=self.mail.tls(),
                              timeout=20) as client:
            client.login("anna@mailcore.test", PASSWORD)
            client.sendmail("anna@mailcore.test", ["anna@mailcore.test"], message("smtplib").encode())
        self.assert_arrived("smtplib")

    def test_large_messages_go_through_the_spool(self):
        line = "x" * 76 + "\r\n"
        for size in (63_000, 65_536, 66_000, 1_000_000, 10_000_000):
            body = (line * (size // len(line) + 1))[:size - 2] + "\r\n"
            self.mail.send(message(f"large-{size}", body))
            self.assert_arrived(f"large-{size}", body)

    def test_poplib_reads_and_deletes(self):
        for number in range(3):
            self.mail.send(message(f"pop-{number}"), ["bert"])
            self.found(f"pop-{number}", "bert")
        client = self.mail.pop3("bert")
        count, _ = client.stat()
        uidls = [line.split()[1] for line in client.uidl()[1]]
        self.assertEqual(len(set(uidls)), count)
        _, lines, octets = client.retr(count)
        self.assertIn(b"Subject: pop-2", lines)
        self.assertEqual(lines[-2:], [b"..two", b"Bye"])
        self.assertEqual(octets, sum(len(line) + 2 for line in lines))
        self.assertIn(b"Subject: pop-2", client.top(count, 0)[1])
        client.dele(count)
        client.rset()
        client.dele(count)
        client.quit()
        client = self.mail.pop3("bert")
        self.assertEqual(client.stat()[0], count - 1)
        self.assertEqual([line.split()[1] for line in client.uidl()[1]], uidls[:-1])
        client.quit()


if __name__ == "__main__":
    unittest.main()
