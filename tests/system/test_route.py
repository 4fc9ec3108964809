"""Where mail goes: mailctl explain route asks the running resolver, which asks a name server of ours."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from base import SystemTest
from dns_server import DnsServer
from instance import wait_until

HASH = "ab" * 32
RECORDS = {
    "plain.test": {"MX": ["20 mx2.plain.test", "10 mx1.plain.test", "20 mx3.plain.test"]},
    "mx1.plain.test": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]},
    "mx2.plain.test": {"A": ["192.0.2.3"]},
    "mx3.plain.test": {"AAAA": ["2001:db8::3"]},
    "implicit.test": {"A": ["192.0.2.9"]},
    "empty.test": {"TXT": ["nothing else"]},
    "null.test": {"MX": ["0 ."]},
    "loop.test": {"MX": ["10 mx.mailcore.test", "20 mx1.plain.test"]},
    "backup.test": {"MX": ["10 mx1.plain.test", "20 mx.mailcore.test", "30 mx2.plain.test"]},
    "dead.test": {"MX": ["10 gone.test"]},
    "half.test": {"MX": ["10 gone.test", "20 mx2.plain.test"]},
    "servfail.test": {"MX": ["10 mx1.plain.test"]},
    "noaddress.test": {"MX": ["10 mute.test"]},
    "mute.test": {"A": ["192.0.2.5"]},
    "sts.test": {"MX": ["10 mx1.plain.test"]},
    "_mta-sts.sts.test": {"TXT": ["v=STSv1; id=20261124T00;", "something else"]},
    "twice.test": {"MX": ["10 mx1.plain.test"]},
    "_mta-sts.twice.test": {"TXT": ["v=STSv1; id=1;", "v=STSv1; id=2;"]},
    "many.test": {"MX": [f"{i} mx{i}.many.test" for i in range(40)]},
    "alias.test": {"CNAME": ["plain.test"]},
    "xn--bcher-kva.test": {"MX": ["10 mx1.plain.test"]},
    "slow.test": {"MX": ["10 mx1.plain.test"]},
    "hosted.test": {"MX": ["10 a.mail.provider.co.uk"]},
    "a.mail.provider.co.uk": {"A": ["192.0.2.7"]},
    # Signed.
    "signed.test": {"MX": ["10 mx.signed.test"]},
    "mx.signed.test": {"A": ["192.0.2.20"], "AAAA": ["2001:db8::20"]},
    "_25._tcp.mx.signed.test": {"TLSA": [f"3 1 1 {HASH}"]},
    "nodane.signed.test": {"MX": ["10 plain.signed.test"]},
    "plain.signed.test": {"A": ["192.0.2.21"]},
    "away.signed.test": {"MX": ["10 mx1.plain.test"]},
    "_25._tcp.mx1.plain.test": {"TLSA": [f"3 1 1 {HASH}"]},
    "unsigned.test": {"MX": ["10 mx.signed.test"]},
    "bogus.signed.test": {"MX": ["10 mx.signed.test"]},
    "badaddress.signed.test": {"MX": ["10 bad.signed.test"]},
    "bad.signed.test": {"A": ["192.0.2.22"]},
    "tlsafail.signed.test": {"MX": ["10 fail.signed.test"]},
    "fail.signed.test": {"A": ["192.0.2.23"]},
    "viaalias.signed.test": {"MX": ["10 alias.signed.test"]},
    "alias.signed.test": {"CNAME": ["mx.signed.test"]},
}
RECORDS.update({f"mx{i}.many.test": {"A": [f"198.51.100.{i}"]} for i in range(40)})
RECORDS["large.test"] = {"MX": [f"{i} {'x' * 60}.{'y' * 60}.{i}.test" for i in range(30)]}
RECORDS.update({f"{'x' * 60}.{'y' * 60}.{i}.test": {"A": ["192.0.2.30"]} for i in range(30)})
FAULTS = {
    ("servfail.test", "MX"): "servfail",
    ("mute.test", "A"): "servfail",
    ("mute.test", "AAAA"): "servfail",
    ("slow.test", "MX"): "drop",
    ("bogus.signed.test", "MX"): "bogus",
    ("bad.signed.test", "A"): "bogus",
    ("_25._tcp.fail.signed.test", "TLSA"): "servfail",
}


class Route(SystemTest):
    USERS = ("anna",)

    @classmethod
    def setUpClass(cls):
        cls.dns = DnsServer(dict(RECORDS), signed=["signed.test"], faults=FAULTS).start()
        cls.folder = tempfile.TemporaryDirectory(prefix="mailcore-route-")
        anchor = pathlib.Path(cls.folder.name) / "anchor"
        anchor.write_text(cls.dns.anchors())
        anchor.parent.chmod(0o755)
        cls.OPTIONS = (f'resolver = "127.0.0.1@{cls.dns.port}"\nresolver_trust_anchor = "{anchor}"\n'
                       'resolver_timeout = 3s\n'
                       'route "fixed.test" { host = "mx2.plain.test" }\n'
                       'route ".fixed.test" { host = "[192.0.2.77]" port = 2525 }\n'
                       'route "socket.test" { host = "unix:/run/lmtp" protocol = lmtp }\n'
                       'route "typo.test" { host = "gone.test" }\n')
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.dns.stop()
        cls.folder.cleanup()

    def explain(self, domain):
        done = self.mail.mailctl("explain", "route", domain, "--json", check=False)
        return dict(json.loads(done.stdout), exit=done.returncode)

    def hosts(self, domain):
        route = self.explain(domain)
        self.assertEqual(route["status"], "ok", route)
        return route["hosts"]

    def names(self, domain):
        return [host["name"] for host in self.hosts(domain)]

    def refused(self, domain, status, text):
        route = self.explain(domain)
        self.assertEqual((route["status"], route["hosts"]), (status, []), route)
        self.assertIn(text, route["text"])
        self.assertEqual(route["exit"], 75 if status == "temporary failure" else 68)
        return route

    def test_best_mail_exchangers_come_first(self):
        seen = set()
        for _ in range(40):
            names = self.names("plain.test")
            self.assertEqual(names[0], "mx1.plain.test")
            seen.add(tuple(names[1:]))
        self.assertEqual(seen, {("mx2.plain.test", "mx3.plain.test"), ("mx3.plain.test", "mx2.plain.test")})

    def test_hosts_have_all_their_addresses(self):
        first = self.hosts("anna@PLAIN.test")[0]
        self.assertEqual(set(first["addresses"]), {"192.0.2.1", "192.0.2.2", "2001:db8::1"})
        self.assertEqual((first["preference"], first["secure"], first["dane"]), (10, False, "none"))

    def test_group_and_ttl(self):
        route = self.explain("plain.test")
        self.assertEqual(route["group"], "plain.test")
        self.assertLessEqual(route["ttl"], 300)
        self.assertGreaterEqual(route["ttl"], 60)
        self.assertEqual(self.explain("hosted.test")["group"], "provider.co.uk")

    def test_a_domain_without_mail_exchangers_is_its_own(self):
        self.assertEqual([(h["name"], h["preference"]) for h in self.hosts("implicit.test")], [("implicit.test", 0)])

    def test_an_alias_has_what_its_target_has(self):
        self.assertEqual(self.names("alias.test")[0], "mx1.plain.test")

    def test_a_domain_in_letters(self):
        self.assertEqual(self.names("Bücher.test"), ["mx1.plain.test"])

    def test_domains_that_take_no_mail(self):
        self.refused("missing.test", "no domain", "5.1.2 there is no domain missing.test")
        self.refused("empty.test", "no domain", "5.1.2 empty.test has neither a mail exchanger nor an address")
        self.refused("null.test", "takes no mail", "5.1.10")
        self.refused("dead.test", "no domain", "5.4.4 no mail exchanger of dead.test has an address")
        self.refused("a..b", "no domain", "5.1.2")
        self.refused("[192.0.2.300]", "no domain", "5.1.2")

    def test_loops(self):
        self.refused("loop.test", "loop", "5.4.6")
        self.assertEqual(self.names("backup.test"), ["mx1.plain.test"])

    def test_a_host_without_address_is_left_out(self):
        route = self.explain("half.test")
        self.assertEqual([h["name"] for h in route["hosts"]], ["mx2.plain.test"])
        self.assertIn("left out gone.test", route["text"])

    def test_faults_are_temporary(self):
        self.refused("servfail.test", "temporary failure", "4.4.3 DNS: mail exchangers of servfail.test")
        self.refused("noaddress.test", "temporary failure", "4.4.3 DNS: addresses of mute.test")
        self.refused("slow.test", "temporary failure", "4.4.3 DNS: no answer about slow.test in time")

    def test_at_most_16_hosts(self):
        self.assertEqual(self.names("many.test"), [f"mx{i}.many.test" for i in range(16)])

    def test_a_large_answer_comes_by_tcp(self):
        self.assertEqual(len(self.hosts("large.test")), 16)

    def test_mta_sts(self):
        self.assertEqual(self.explain("sts.test")["mta_sts"], "20261124T00")
        self.assertEqual(self.explain("twice.test")["mta_sts"], "")
        self.assertEqual(self.explain("plain.test")["mta_sts"], "")

    def test_literals(self):
        for literal, address in (("[192.0.2.1]", "192.0.2.1"), ("[IPv6:2001:db8::1]", "2001:db8::1")):
            route = self.explain("anna@" + literal)
            self.assertEqual(route["hosts"][0]["addresses"], [address])
            self.assertEqual(route["group"], f"[{address}]")

    # -- routes of the configuration

    def test_routes(self):
        self.assertEqual(self.names("fixed.test"), ["mx2.plain.test"])
        self.assertEqual(self.names("below.fixed.test"), ["[192.0.2.77]"])
        self.assertEqual(self.explain("socket.test")["route"]["host"], "unix:/run/lmtp")
        self.refused("typo.test", "temporary failure", "4.4.4 the host gone.test has no address")
        self.assertEqual(self.dns.times_asked("fixed.test", "MX"), 0)

    def test_a_domain_of_ours_has_no_route(self):
        done = self.mail.mailctl("explain", "route", "mailcore.test", check=False)
        self.assertEqual(done.returncode, 64)

    def test_the_text_names_each_step(self):
        text = self.mail.mailctl("explain", "route", "signed.test").stdout
        for part in ("its mail exchangers", "mx.signed.test, preference 10, signed", "2001:db8::20", "DANE: ok",
                     f"TLSA 3 1 1 {HASH}", "result     ok"):
            self.assertIn(part, text)

    # -- DNSSEC

    def dane(self, domain):
        host = self.hosts(domain)[0]
        return host["secure"], host["dane"], host["tlsa"]

    def test_dane(self):
        self.assertEqual(self.dane("signed.test"), (True, "ok", [f"3 1 1 {HASH}"]))

    def test_dane_through_an_alias(self):
        self.assertEqual(self.dane("viaalias.signed.test"), (True, "ok", [f"3 1 1 {HASH}"]))

    def test_a_signed_host_without_tlsa_records(self):
        self.assertEqual(self.dane("nodane.signed.test"), (True, "none", []))

    def test_no_dane_where_not_all_is_signed(self):
        self.assertEqual(self.dane("unsigned.test"), (False, "none", []))
        self.assertEqual(self.dane("away.signed.test"), (False, "none", []))
        self.assertEqual(self.dns.times_asked("_25._tcp.mx1.plain.test", "TLSA"), 0)

    def test_bogus_is_temporary(self):
        self.refused("bogus.signed.test", "temporary failure", "4.4.3 DNS: mail exchangers of bogus.signed.test")
        self.refused("badaddress.signed.test", "temporary failure", "4.4.3 DNS: addresses of bad.signed.test")

    def test_tlsa_records_that_cannot_be_had(self):
        self.assertEqual(self.dane("tlsafail.signed.test"), (True, "temporary failure", []))

    # -- the resolver itself

    def test_answers_are_kept(self):
        self.names("sts.test")
        asked = self.dns.times_asked("sts.test", "MX")
        self.names("sts.test")
        self.assertEqual(self.dns.times_asked("sts.test", "MX"), asked)

    def test_the_resolver_dies_and_comes_back(self):
        pid = self.mail.children("queued")["resolver"][0]
        os.kill(pid, signal.SIGKILL)

        def back():
            found = self.mail.children("queued").get("resolver", [])
            return found and found[0] != pid and self.explain_or_none("implicit.test")
        wait_until(back, 20, "a new resolver")

    def explain_or_none(self, domain):
        done = self.mail.mailctl("explain", "route", domain, "--json", check=False)
        return done.stdout and json.loads(done.stdout).get("status") == "ok"


@unittest.skipUnless(os.geteuid() == 0, "full isolation needs root")
class LockedIn(Route):
    """The same without files, threads, and most system calls."""
    ISOLATION = "full"


class Files(SystemTest):
    """Name servers and the trust anchor come from files, and change with them."""
    USERS = ("anna",)

    @classmethod
    def setUpClass(cls):
        cls.one = DnsServer({"d.test": {"A": ["192.0.2.1"]}}, signed=["d.test"]).start()
        cls.two = DnsServer({"d.test": {"A": ["192.0.2.2"]}}, signed=["d.test"]).start()
        cls.folder = tempfile.TemporaryDirectory(prefix="mailcore-route-")
        cls.anchor = pathlib.Path(cls.folder.name) / "anchor"
        cls.anchor.parent.chmod(0o755)
        cls.anchor.write_text("; the second server's\n" + cls.two.anchors())
        cls.OPTIONS = f'resolver = "127.0.0.1@{cls.two.port}"\nresolver_trust_anchor = "{cls.anchor}"\n'
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.one.stop()
        cls.two.stop()
        cls.folder.cleanup()

    def explain(self):
        return json.loads(self.mail.mailctl("explain", "route", "d.test", "--json", check=False).stdout)

    def test_another_trust_anchor(self):
        self.assertEqual(self.explain()["hosts"][0]["secure"], True)
        self.anchor.write_text(self.one.anchors())
        wait_until(lambda: self.explain()["status"] == "temporary failure", 20, "the other anchor")
        self.anchor.write_text("this is no record\n")  # what was there before counts
        wait_until(lambda: "dns.unusable" in self.mail.log(), 20, "a complaint")
        self.assertEqual(self.explain()["status"], "temporary failure")
        self.anchor.write_text(self.two.anchors())
        wait_until(lambda: self.explain()["status"] == "ok", 20, "the first anchor")

    def test_a_question_in_progress_is_asked_again(self):
        self.two.records["slow.test"] = {"A": ["192.0.2.3"]}
        self.two.faults[("slow.test", "MX")] = "drop"
        self.anchor.write_text(self.two.anchors())
        with subprocess.Popen([self.mail.build / "mailctl", "-c", self.mail.conf, "-p", self.mail.dir, "explain",
                               "route", "slow.test", "--json"], stdout=subprocess.PIPE) as asking:
            wait_until(lambda: self.two.times_asked("slow.test", "MX"), 20, "the question")
            self.anchor.write_text("; as before, with this line\n;\n" + self.two.anchors())
            self.mail.wait_log("dns.changed questions=1")
            del self.two.faults[("slow.test", "MX")]
            self.assertEqual(json.loads(asking.communicate(timeout=40)[0])["status"], "ok")


if __name__ == "__main__":
    unittest.main()
