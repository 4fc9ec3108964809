"""queued and its processes are killed while they relay: nothing is lost, and what
is there twice was in doubt at a kill, which no sender of SMTP can avoid."""
import collections
import os
import random
import signal
import threading
import unittest

from lab import LabTest
from names import OPEN
from scripted import Script
from senders import Route, wait_until

MESSAGES = 200
KILLS = 6
LONG_KILLS = 100
SEED = 20261124


def group_alive(group):
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


class Kills(LabTest):
    ONLY = "mailcore"

    @classmethod
    def declare(cls, lab):
        cls.host = lab.names.host(f"mx.kills.{OPEN}")
        # One connection: one transaction that can be in doubt.
        lab.routes.append(Route(f"kills.{OPEN}", host=cls.host.name, connections_max=1))

    def relay(self, name, kill):
        """kill: ends something while the message with that turn is on its way."""
        chance = random.Random(SEED)
        kills = LONG_KILLS if os.environ["MAILCORE_LONG"] else KILLS
        turns = sorted(chance.sample(range(5, MESSAGES - 5), kills))
        stages = [chance.choice(["MAIL", "RCPT", "DATA", "body"]) for _ in turns]
        killed, recipients = [], [f"{name}{i}@kills.{OPEN}" for i in range(MESSAGES)]

        def at(stage, answer):
            def look(session):
                if killed_next() and stages[len(killed)] == stage and len(server.mails) >= turns[len(killed)]:
                    killed.append(stage)
                    kill()
                return answer
            return look

        def killed_next():
            return len(killed) < len(turns)
        submitted = threading.Event()

        def greet(_session):
            submitted.wait(60)
            return "220 {host}"
        server = self.serve(self.host, Script(replies={"greeting": greet, **{s: at(s, a) for s, a in (
            ("MAIL", "250 ok"), ("RCPT", "250 ok"), ("DATA", "354 go on"), ("body", "250 ok"))}}))
        self.sender.submit_many([[r] for r in recipients])
        submitted.set()
        self.wait_gone(*recipients, seconds=90)
        copies = collections.Counter(r for m in server.mails for r in m.recipients)
        self.assertEqual(sorted(copies), sorted(recipients))
        self.assertEqual(len(killed), len(turns))
        twice = sum(copies.values()) - len(copies)
        print(f"({name}: {len(killed)} kills, {twice} duplicates) ", end="")
        self.assertLessEqual(twice, len(killed))
        self.assertLessEqual(max(copies.values()), 2)

    def kill_role(self, role):
        for pid in self.sender.mail.children("queued").get(role, []):
            os.kill(pid, signal.SIGKILL)

    def test_relay_is_killed(self):
        self.relay("relay", lambda: self.kill_role("relay"))

    def test_queue_is_killed(self):
        self.relay("queue", lambda: self.kill_role("queue"))

    def test_all_of_queued_is_killed(self):
        mail = self.sender.mail

        def kill():
            group = mail.processes["queued"].pid
            mail.stop_one("queued", signal.SIGKILL)
            wait_until(lambda: not group_alive(group), 20, "queued's processes to end")
            mail.start_one("queued")
            mail.wait_ready("queued")
        self.relay("all", kill)


if __name__ == "__main__":
    unittest.main()
