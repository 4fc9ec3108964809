"""The connection is lost at each octet of the dialogue, in both directions: what
was not surely taken comes again, what was never does, and nobody is told."""
import unittest

from lab import LabTest
from names import OPEN
from scripted import Script

ALL_UNTIL, STEP, END = 150, 11, 12  # each octet of the commands and of the end, some of the message's
SITES = 400


class Cuts(LabTest):
    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.sites = {which: [n.site(f"{which}{i:03d}.{OPEN}") for i in range(SITES)] for which in ("out", "in")}

    def script(self, **how):
        return Script(extensions=("PIPELINING",), replies={"MAIL": "250 ok", "RCPT": "250 ok", "body": "250 ok"}, **how)

    def measure(self, which, octets):
        """How many there are when nothing is cut."""
        server = self.serve(self.sites[which][0], self.script())
        self.sender.submit(f"x@{which}000.{OPEN}")
        self.assert_delivered(server, f"x@{which}000.{OPEN}")
        return getattr(server.sessions[0], octets)

    def cut_at(self, which, places):
        self.assertLess(len(places), SITES)
        servers = {}
        for i, place in enumerate(places):
            name = f"{which}{i + 1:03d}"
            servers[f"x@{name}.{OPEN}"] = self.serve(self.sites[which][i + 1], self.script(**{f"cut_{which}": place}))
        before = len(self.sender.notices())
        self.sender.submit_many([[recipient] for recipient in servers])
        self.wait_gone(*servers, seconds=60)
        for (recipient, server), place in zip(servers.items(), places):
            with self.subTest(octet=place):
                unsure = any(not m.replied for m in server.mails)
                self.assertIn(len(server.mails), (1, 2) if unsure else (1,))
                self.assertEqual({r for m in server.mails for r in m.recipients}, {recipient})
        self.assertEqual(len(self.sender.notices()), before)
        again = sum(len(s.sessions) > 1 for s in servers.values())
        self.assertGreater(again, len(places) // 2)

    def test_to_the_sender(self):
        self.cut_at("out", range(1, self.measure("out", "sent") + 1))

    def test_from_the_sender(self):
        end = self.measure("in", "received")
        self.cut_at("in", [*range(1, ALL_UNTIL), *range(ALL_UNTIL, end - END, STEP), *range(end - END, end + 1)])


if __name__ == "__main__":
    unittest.main()
