"""What a search needs is kept up by agents that have nothing else to do, also after one was killed."""
import os
import signal

from base import SystemTest
from instance import wait_until


def text(number, words):
    return (f"From: s{number}@else.test\r\nTo: anna@mailcore.test\r\nSubject: number {number}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n").encode()


class Search(SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = cls.mail.imap()
        for number in range(1, 81):
            word = "xylophonist" if number % 20 == 0 else "words"
            client.append("INBOX", None, None, text(number, f"r\u00e9sum\u00e9 of {word}"))
        client.logout()
        cls.file = cls.mail.dir / "state/mail/mailcore.test/anna/search.mdb"

    def search(self, client, word):
        return client.search(None, "BODY", word)[1][0].split()

    def kill_agents(self):
        """The file is held open, so that no new one gets its number."""
        self.addCleanup(open(self.file, "rb").close)
        agents = set(self.mail.children("imapd")["agent"])
        for pid in agents:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not agents & set(self.mail.children("imapd").get("agent", ())), what="the agents' end")

    def test_kept_up(self):
        client = self.mail.imap()
        client.select("INBOX")
        self.assertEqual(self.search(client, "Xylophonist"), [b"20", b"40", b"60", b"80"])
        self.assertEqual(len(self.search(client, "resume")), 80)
        self.mail.send("Subject: new\r\n\r\na word that is new: quixotism\r\n")
        wait_until(lambda: b"quixotism" in self.file.read_bytes(), 60, "the new message's extract, without a search")
        client.noop()
        self.assertEqual(self.search(client, "quixotism"), [b"81"])

    def test_made_again_after_a_kill(self):
        """By itself; the first answer does not wait for it."""
        client = self.mail.imap()
        client.select("INBOX")
        self.search(client, "xylophonist")
        old = os.stat(self.file).st_ino
        self.kill_agents()
        self.mail.imap()
        wait_until(lambda: self.file.exists() and os.stat(self.file).st_ino != old
                   and b"xylophonist" in self.file.read_bytes(), 60, "extracts, without a search")
        self.kill_agents()
        client = self.mail.imap()
        client.select("INBOX")
        for _ in range(2):
            self.assertEqual(self.search(client, "xylophonist"), [b"20", b"40", b"60", b"80"])
