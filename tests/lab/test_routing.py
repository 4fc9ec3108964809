"""Which host a message goes to."""
import unittest

import world
from lab import LabTest
from names import OPEN, OWN, SIGNED
from scripted import Script


class MailExchangers(LabTest):
    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.plain = n.site(f"plain.{OPEN}")
        cls.signed = n.site(f"plain.{SIGNED}")
        cls.refusing, cls.second = n.host(f"refusing.{OPEN}"), n.host(f"second.{OPEN}")
        n.mx(f"fallback.{OPEN}", cls.refusing, cls.second)
        n.record(f"hole.{OPEN}", f"A {world.BLACK_HOLE4}")
        n.mx(f"lost.{OPEN}", f"hole.{OPEN}", cls.second)
        cls.busy = n.host(f"busy.{OPEN}")
        n.mx(f"busy-first.{OPEN}", cls.busy, cls.second)
        n.mx(f"no-such-host.{OPEN}", f"nix.{OPEN}", cls.second)
        cls.implicit = n.host(f"implicit.{OPEN}")
        n.record(f"null.{OPEN}", "MX 0 .")
        n.mx(f"loop.{OPEN}", f"mx.{OWN}")
        n.mx(f"spoilt.{SIGNED}", cls.signed)
        n.spoil(f"spoilt.{SIGNED}")
        cls.alone = n.host(f"alone.{OPEN}")
        n.mx(f"alone-first.{OPEN}", cls.alone, f"hole.{OPEN}")

    def test_one_exchanger(self):
        for host, zone in ((self.plain, OPEN), (self.signed, SIGNED)):
            with self.subTest(zone):
                server = self.serve(host)
                number = self.sender.submit(f"x@plain.{zone}")
                self.assert_delivered(server, f"x@plain.{zone}")
                self.assertEqual(server.numbers, [number])

    def test_what_arrives_is_what_was_sent(self):
        server = self.serve(self.plain)
        body = "".join(f".{'.' * (i % 3)}line {i} \u00e9\u00df{'x' * (i % 70)}\r\n" for i in range(3000)) + "..\r\n.\r\n"
        self.sender.submit(f"x@plain.{OPEN}", body=body.encode(), mail_options=["BODY=8BITMIME"])
        self.assert_delivered(server, f"x@plain.{OPEN}")
        mail = server.mails[0]
        self.assertEqual(mail.sender, "anna@" + OWN)
        self.assertEqual(mail.data.split(b"\r\n\r\n", 1)[1], body.encode())
        self.assertIn("BODY=8BITMIME", mail.mail)

    def test_refused_by_the_first(self):
        """Nobody listens there."""
        second = self.serve(self.second)
        self.sender.submit(f"x@fallback.{OPEN}")
        self.assert_delivered(second, f"x@fallback.{OPEN}")

    def test_no_answer_from_the_first(self):
        second = self.serve(self.second)
        self.sender.submit(f"x@lost.{OPEN}")
        self.assert_delivered(second, f"x@lost.{OPEN}")

    def test_no_name_of_the_first(self):
        second = self.serve(self.second)
        self.sender.submit(f"x@no-such-host.{OPEN}")
        self.assert_delivered(second, f"x@no-such-host.{OPEN}")

    def test_first_says_421(self):
        busy, second = self.serve(self.busy, Script(replies={"greeting": "421 4.3.2 not now"})), self.serve(self.second)
        self.sender.submit(f"x@busy-first.{OPEN}")
        self.assert_delivered(second, f"x@busy-first.{OPEN}")
        self.assertGreaterEqual(len(busy.sessions), 1)
        self.assertEqual(busy.mails, [])

    def test_best_one_is_taken(self):
        alone = self.serve(self.alone)
        self.sender.submit(f"x@alone-first.{OPEN}")
        self.assert_delivered(alone, f"x@alone-first.{OPEN}")

    def test_no_exchanger_but_an_address(self):
        server = self.serve(self.implicit)
        self.sender.submit(f"x@implicit.{OPEN}")
        self.assert_delivered(server, f"x@implicit.{OPEN}")

    def test_null_mx(self):
        self.sender.submit(f"x@null.{OPEN}")
        self.assert_returned(f"x@null.{OPEN}", "5.1.(0|10)")

    def test_no_such_domain(self):
        for zone in (OPEN, SIGNED):
            self.sender.submit(f"x@nix.{zone}")
            self.assert_returned(f"x@nix.{zone}", "5.(1.2|4.4)")

    def test_it_is_we_ourselves(self):
        self.sender.submit(f"x@loop.{OPEN}")
        self.assert_returned(f"x@loop.{OPEN}", "5.4.6")

    def test_bogus_names_are_not_believed(self):
        server = self.serve(self.signed)
        self.sender.submit(f"x@spoilt.{SIGNED}")
        self.wait_waiting(f"x@spoilt.{SIGNED}", "4.4.3" if self.sender.name == "mailcore" else "try again")
        self.assertEqual(server.sessions, [])


class Families(LabTest):
    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.six = n.site(f"six.{OPEN}", v4=False, v6=True)
        cls.both = n.site(f"both.{OPEN}", v6=True)
        n.record(f"six-lost.{OPEN}", f"AAAA {world.BLACK_HOLE6}")
        cls.four = n.host(f"six-lost.{OPEN}")

    def test_ipv6_only(self):
        server = self.serve(self.six)
        self.sender.submit(f"x@six.{OPEN}")
        self.assert_delivered(server, f"x@six.{OPEN}")
        self.assertEqual(server.sessions[0].address, world.HERE6)

    def test_both(self):
        server = self.serve(self.both)
        self.sender.submit(f"x@both.{OPEN}")
        self.assert_delivered(server, f"x@both.{OPEN}")

    def test_ipv6_is_broken(self):
        server = self.serve(self.four)
        self.sender.submit(f"x@six-lost.{OPEN}")
        self.assert_delivered(server, f"x@six-lost.{OPEN}")
        self.assertEqual(server.sessions[0].address, world.HERE4)


if __name__ == "__main__":
    unittest.main()
