"""The laboratory that all tests share, and what they have in common."""
import pathlib
import re
import shutil
import tempfile
import unittest

import certs
import names
import notices
import packages
import scripted
import senders
import servers
import world
from scripted import Server
from senders import wait_until


class Lab:
    """All of it. Tests declare names and routes before start()."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailcore-lab-"))
        self.dir.chmod(0o755)
        self.roots = packages.ROOTS
        world.make()
        servers.add_users()
        servers.overlay_programs(self.roots)
        world.overlay("/etc/resolv.conf", f"nameserver {names.RESOLVER}\noptions edns0 trust-ad\n")
        self.certs = certs.Authority(self.dir / "certs")
        self.names = names.Names(self.dir / "dns")
        self.routes = []
        self.doorman = scripted.Doorman()
        self.sender = None

    def start(self, sender, build):
        self.names.start(self.roots)
        wait_until(self.names.answers, 20, "the DNS")
        self.build = build
        self.sender = sender(self)

    def close(self, keep=False):
        if self.sender:
            self.sender.close(keep)
        self.names.stop()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)


class LabTest(unittest.TestCase):
    lab = None
    ONLY = None  # the one sender that can do this, and why

    @classmethod
    def declare(cls, lab):
        """The names, certificates and routes of the class; before anything runs."""

    @classmethod
    def setUpClass(cls):
        if cls.ONLY and cls.ONLY != cls.lab.sender.name:
            raise unittest.SkipTest(f"{cls.ONLY} only")

    @property
    def sender(self):
        return self.lab.sender

    def serve(self, host, script=None, port=25):
        server = self.lab.doorman.add(Server(host, script, port))
        self.addCleanup(self.lab.doorman.remove, server)
        return server

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and self.lab.sender:
            print("\n--- log tail\n" + self.lab.sender.log_tail() + "\n---")

    # -- what became of a message

    def wait_gone(self, *recipients, seconds=20):
        """Nothing for them is in the queue any more."""
        wait_until(lambda: not set(recipients) & set(self.sender.waiting()), seconds, f"{recipients} to leave the queue")

    def wait_waiting(self, recipient, pattern=".", seconds=20):
        """It is in the queue after an attempt, and the reason looks like that. It goes when the test ends."""
        self.addCleanup(self.sender.forget, recipient)

        wait_until(lambda: re.search(pattern, self.sender.waiting().get(recipient, ""), re.IGNORECASE), seconds,
                   f"{recipient} to wait, because: {pattern}")

    def assert_delivered(self, server, *recipients, number=None):
        """Once, to each of them, and the sender has heard nothing."""
        self.wait_gone(*recipients)
        got = [r for m in server.mails if number in (None, m.number) for r in m.recipients if r in recipients]
        self.assertEqual(sorted(got), sorted(recipients))

    def notice(self, recipient, action="failed", seconds=20):
        """What the sender was told of the recipient."""
        def look():
            for text in self.sender.notices():
                found = notices.parse(text, recipient, action)
                if found:
                    return found
            return None
        return wait_until(look, seconds, f"a notice: {recipient} {action}")

    def assert_returned(self, recipient, status, text=""):
        notice = self.notice(recipient)
        self.assertRegex(notice.status, f"^{status}$".replace(".", "[.]"))
        self.assertIn(text, notice.diagnostic + notice.text)
        self.wait_gone(recipient)
        return notice
