"""TLS as the domain has it, as the administrator wants it, by DANE and by MTA-STS."""
import unittest

from certs import tlsa_cert, tlsa_spki
from lab import LabTest
from names import OPEN, SIGNED
from policies import PolicyServer
from scripted import PLAIN, Script
from senders import Route

EXPIRED = "20210101000000Z"


class TlsTest(LabTest):
    def certificates(self, host):
        """What a server could show: {what: (certificate, key)}."""
        return {"good": self.lab.certs.signed(host.name), "self-signed": self.lab.certs.self_signed(host.name),
                "expired": self.lab.certs.signed(host.name, until=EXPIRED),
                "of another": self.lab.certs.signed(f"another.{OPEN}")}

    def deliver(self, domain, server, tls):
        self.sender.submit(f"x@{domain}")
        self.assert_delivered(server, f"x@{domain}")
        self.assertEqual(server.mails[0].session.tls is not None, tls)

    def refuse(self, domain, server, why="."):
        """It waits, and the reason says why; the server got no message, nor who it is for."""
        self.sender.submit(f"x@{domain}")
        self.wait_waiting(f"x@{domain}", why)
        self.assertEqual(server.mails, [])
        self.assertEqual([c for s in server.sessions for c in s.commands if c.startswith("RCPT")], [])


class Opportunistic(TlsTest):
    @classmethod
    def declare(cls, lab):
        cls.sites = {name: lab.names.site(f"{name}.{OPEN}") for name in
                     ("tls", "tls-self", "tls-expired", "no-tls", "tls-later", "tls-broken", "tls-lost")}

    def test_whatever_certificate(self):
        for name, kind in (("tls", "good"), ("tls-self", "self-signed"), ("tls-expired", "expired")):
            with self.subTest(kind):
                server = self.serve(self.sites[name], Script(tls=self.certificates(self.sites[name])[kind]))
                self.deliver(f"{name}.{OPEN}", server, tls=True)

    def test_not_offered(self):
        self.deliver(f"no-tls.{OPEN}", self.serve(self.sites["no-tls"]), tls=False)

    def test_offered_but_refused(self):
        host = self.sites["tls-later"]
        server = self.serve(host, Script(tls=self.certificates(host)["good"],
                                         replies={"STARTTLS": "454 4.7.0 not available now"}))
        self.deliver(f"tls-later.{OPEN}", server, tls=False)

    def test_handshake_fails(self):
        server = self.serve(self.sites["tls-broken"], Script(tls="broken"))
        self.deliver(f"tls-broken.{OPEN}", server, tls=False)


class ByRoute(TlsTest):
    """As the administrator says."""
    @classmethod
    def declare(cls, lab):
        cls.hosts = {}
        for name, how in (("must", "required"), ("must-not-offered", "required"), ("never", "none"), ("sure", "verified"),
                          ("sure-self", "verified"), ("sure-expired", "verified"), ("sure-another", "verified"),
                          ("sure-not-offered", "verified")):
            cls.hosts[name] = lab.names.host(f"mx.{name}.{OPEN}")
            lab.routes.append(Route(f"{name}.{OPEN}", host=cls.hosts[name].name, tls=how))
        cls.smarthost = lab.names.host(f"smart.{OPEN}")
        lab.routes.append(Route(f"by-smarthost.{OPEN}", host=cls.smarthost.name, port=587, tls="verified",
                                login="we:secret"))
        cls.implicit = lab.names.host(f"implicit-tls.{OPEN}")
        lab.routes.append(Route(f"by-465.{OPEN}", host=cls.implicit.name, port=465, tls="implicit"))

    def server(self, name, kind=None, **script):
        certificate = self.certificates(self.hosts[name])[kind] if kind else None
        return self.serve(self.hosts[name], Script(tls=certificate, **script))

    def test_required(self):
        self.deliver(f"must.{OPEN}", self.server("must", "self-signed"), tls=True)
        self.refuse(f"must-not-offered.{OPEN}", self.server("must-not-offered"), "TLS")

    def test_none(self):
        self.deliver(f"never.{OPEN}", self.server("never", "good"), tls=False)

    def test_verified(self):
        self.deliver(f"sure.{OPEN}", self.server("sure", "good"), tls=True)

    def test_not_verified(self):
        for name, kind in (("self", "self-signed"), ("expired", "expired"), ("another", "of another")):
            with self.subTest(kind):
                self.refuse(f"sure-{name}.{OPEN}", self.server(f"sure-{name}", kind), "certificate|mismatch")
        self.refuse(f"sure-not-offered.{OPEN}", self.server("sure-not-offered"), "TLS")

    def test_smarthost_wants_a_login(self):
        server = self.serve(self.smarthost, Script(tls=self.lab.certs.signed(self.smarthost.name), login="we:secret"),
                            port=587)
        self.deliver(f"by-smarthost.{OPEN}", server, tls=True)
        self.assertTrue(server.mails[0].session.authenticated)

    def test_tls_from_the_first_byte(self):
        if self.sender.name != "mailcore":
            self.skipTest("mailcore only")
        server = self.serve(self.implicit, Script(tls=self.lab.certs.signed(self.implicit.name), greets_tls=True),
                            port=465)
        self.deliver(f"by-465.{OPEN}", server, tls=True)


class Dane(TlsTest):
    """RFC 7672."""
    GOOD = ("key", "key-another-name", "key-expired", "ca", "next-key")
    WRONG = ("wrong", "wrong-ca", "bogus", "no-starttls", "broken")

    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.hosts, cls.shown = {}, {}
        for name in cls.GOOD + cls.WRONG + ("unusable",):
            host = cls.hosts[name] = n.site(f"dane-{name}.{SIGNED}")
            cls.shown[name] = lab.certs.self_signed(host.name)
        cls.hosts["unsigned"] = n.site(f"dane-unsigned.{OPEN}")
        cls.shown["unsigned"] = lab.certs.self_signed(f"mx.dane-unsigned.{OPEN}")
        cls.shown["key-another-name"] = lab.certs.self_signed(f"another.{OPEN}")
        cls.shown["key-expired"] = lab.certs.signed(cls.hosts["key-expired"].name, until=EXPIRED)
        cls.shown["ca"] = lab.certs.with_authority(lab.certs.signed(cls.hosts["ca"].name))
        cls.shown["wrong-ca"] = lab.certs.with_authority(lab.certs.signed(f"another-of-ca.{OPEN}"))
        nothing = "0" * 64
        for name in ("key", "key-another-name", "key-expired", "bogus", "no-starttls", "broken"):
            n.tlsa(cls.hosts[name], "3 1 1 " + tlsa_spki(cls.shown[name][0]))
        for name in ("ca", "wrong-ca"):
            n.tlsa(cls.hosts[name], "2 0 1 " + tlsa_cert(lab.certs.cert))
        for name in ("wrong", "unsigned"):
            n.tlsa(cls.hosts[name], "3 1 1 " + nothing)
        n.tlsa(cls.hosts["next-key"], "3 1 1 " + nothing)
        n.tlsa(cls.hosts["next-key"], "3 1 1 " + tlsa_spki(cls.shown["next-key"][0]))
        n.tlsa(cls.hosts["unusable"], "1 1 1 " + nothing)
        n.spoil(f"_25._tcp.{cls.hosts['bogus'].name}")

    def server(self, name, **script):
        return self.serve(self.hosts[name], Script(**{"tls": self.shown[name], **script}))

    def test_right(self):
        """By key: whatever name and dates; by authority; one of several records."""
        for name in self.GOOD:
            with self.subTest(name):
                self.deliver(f"dane-{name}.{SIGNED}", self.server(name), tls=True)

    def test_wrong(self):
        for name in ("wrong", "wrong-ca"):
            with self.subTest(name):
                self.refuse(f"dane-{name}.{SIGNED}", self.server(name))

    def test_bogus(self):
        """Who can forge answers cannot take the records away: no delivery."""
        self.refuse(f"dane-bogus.{SIGNED}", self.server("bogus"))

    def test_no_way_down_to_plaintext(self):
        self.refuse(f"dane-no-starttls.{SIGNED}", self.server("no-starttls", tls=None), "TLS")
        self.refuse(f"dane-broken.{SIGNED}", self.server("broken", tls="broken"))

    def test_records_of_an_unsigned_zone_mean_nothing(self):
        self.deliver(f"dane-unsigned.{OPEN}", self.server("unsigned"), tls=True)

    def test_unusable_records_ask_for_tls(self):
        """RFC 7672 2.2: it must be encrypted, and cannot be verified."""
        self.deliver(f"dane-unusable.{SIGNED}", self.server("unusable"), tls=True)


class MtaSts(TlsTest):
    """RFC 8461."""
    ONLY = "mailcore"
    SITES = ("good", "self", "another-mx", "testing", "testing-plain", "bad-web", "plain")

    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.hosts, cls.web = {}, {}
        for name in cls.SITES:
            domain = f"sts-{name}.{OPEN}"
            cls.hosts[name] = n.site(domain)
            cls.web[name] = n.host(f"mta-sts.{domain}")
            n.record(f"_mta-sts.{domain}", 'TXT "v=STSv1; id=20261124;"')

    def policy(self, name, mode="enforce", mx=None, web="good"):
        host = self.web[name]
        server = PolicyServer(host, self.certificates(host)[web],
                              f"version: STSv1\r\nmode: {mode}\r\nmx: {mx or self.hosts[name].name}\r\nmax_age: 86400\r\n")
        self.addCleanup(server.close)
        return server

    def server(self, name, kind="good", **script):
        host = self.hosts[name]
        return self.serve(host, Script(**{"tls": self.certificates(host)[kind], **script}))

    def test_enforce(self):
        policy = self.policy("good")
        self.deliver(f"sts-good.{OPEN}", self.server("good"), tls=True)
        self.assertGreaterEqual(policy.asked, 1)

    def test_enforce_refuses(self):
        for name, kind, mx in (("self", "self-signed", None), ("another-mx", "good", f"mx.elsewhere.{OPEN}")):
            with self.subTest(name):
                policy = self.policy(name, mx=mx)
                self.refuse(f"sts-{name}.{OPEN}", self.server(name, kind))
                self.assertGreaterEqual(policy.asked, 1)
        self.policy("plain")
        self.refuse(f"sts-plain.{OPEN}", self.server("plain", tls=None), "TLS")

    def test_testing_delivers(self):
        for name, how in (("testing", {"kind": "self-signed"}), ("testing-plain", {"tls": None})):
            policy = self.policy(name, mode="testing")
            self.deliver(f"sts-{name}.{OPEN}", self.server(name, **how), tls=name == "testing")
            self.assertGreaterEqual(policy.asked, 1)

    def test_policy_of_a_forged_web_server(self):
        """Its certificate is not good: no policy."""
        self.policy("bad-web", mx=f"mx.elsewhere.{OPEN}", web="self-signed")
        self.deliver(f"sts-bad-web.{OPEN}", self.server("bad-web", "self-signed"), tls=True)


class AsTheMessageSays(TlsTest):
    """RFC 8689: REQUIRETLS of MAIL, and the field TLS-Required: No."""
    ONLY = "mailcore"
    SITES = ("offers", "offers-not", "bad", "plain")
    OFFERS = PLAIN + ("REQUIRETLS",)

    @classmethod
    def declare(cls, lab):
        n = lab.names
        cls.hosts = {name: n.site(f"say-{name}.{SIGNED}") for name in cls.SITES}
        cls.shown = {name: lab.certs.self_signed(host.name) for name, host in cls.hosts.items()}
        for name, host in cls.hosts.items():
            n.tlsa(host, "3 1 1 " + ("0" * 64 if name == "bad" else tlsa_spki(cls.shown[name][0])))
        cls.open = n.site(f"say-open.{OPEN}")

    def server(self, name, **script):
        return self.serve(self.hosts[name], Script(**{"tls": self.shown[name], **script}))

    def test_requiretls_is_passed_on(self):
        server = self.server("offers", extensions=self.OFFERS)
        self.sender.submit(f"x@say-offers.{SIGNED}", mail_options=["REQUIRETLS"])
        self.assert_delivered(server, f"x@say-offers.{SIGNED}")
        self.assertIn(" REQUIRETLS", server.mails[0].mail)

    def test_requiretls_is_not_to_be_had(self):
        """Not offered, and offered by who cannot be verified: it comes back, with its header only."""
        servers = [self.server("offers-not"), self.serve(self.open, Script(
            tls=self.certificates(self.open)["self-signed"], extensions=self.OFFERS))]
        for domain in (f"say-offers-not.{SIGNED}", f"say-open.{OPEN}"):
            with self.subTest(domain):
                self.sender.submit(f"x@{domain}", mail_options=["REQUIRETLS", "RET=FULL"], body="what nobody may read\r\n")
                notice = self.assert_returned(f"x@{domain}", "5.7.30")
                self.assertNotIn(b"what nobody may read", notice.raw)
        self.assertEqual([m for s in servers for m in s.mails], [])

    def test_tls_required_no(self):
        """To hosts that DANE keeps all other mail from."""
        for name, tls in (("bad", self.shown["bad"]), ("plain", None)):
            with self.subTest(name):
                server = self.server(name, tls=tls)
                self.refuse(f"say-{name}.{SIGNED}", server)
                self.sender.submit(f"y@say-{name}.{SIGNED}", fields="TLS-Required: No\r\n")
                self.assert_delivered(server, f"y@say-{name}.{SIGNED}")
                self.assertEqual(server.mails[0].session.tls is not None, tls is not None)


if __name__ == "__main__":
    unittest.main()
