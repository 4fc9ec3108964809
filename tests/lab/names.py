"""The laboratory's DNS: a signed root of our own, below it a signed zone and one
that is not, served by nsd; unbound asks it and validates."""
import ipaddress
import pathlib
import shutil
import subprocess

import world
from world import HOSTS4, HOSTS6

AUTHORITY, RESOLVER = "198.18.0.53", "198.18.0.54"
SIGNED, OPEN = "signed.test", "open.test"
OWN = "mailcore.test"
TTL = 30

NSD = """
server:
    ip-address: {authority}
    username: ""
    chroot: ""
    zonesdir: "{d}"
    database: ""
    pidfile: "{d}/nsd.pid"
    xfrdfile: ""
    zonelistfile: "{d}/zone.list"
    xfrdir: "{d}"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""

UNBOUND = """
server:
    interface: {resolver}
    access-control: 0.0.0.0/0 allow
    username: ""
    chroot: ""
    directory: "{d}"
    pidfile: "{d}/unbound.pid"
    use-syslog: no
    do-daemonize: no
    do-ip6: no
    num-threads: 1
    trust-anchor-file: "{d}/anchor"
    module-config: "validator iterator"
    do-not-query-localhost: no
    local-zone: "test." nodefault
    local-zone: "2.0.192.in-addr.arpa." nodefault
    local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
remote-control:
    control-enable: no
stub-zone:
    name: "."
    stub-addr: {authority}
    stub-prime: no
"""


class Host:
    def __init__(self, name, number, v4, v6):
        self.name = name
        net4, net6 = ipaddress.ip_network(HOSTS4), ipaddress.ip_network(HOSTS6)
        self.v4 = str(net4[256 + number]) if v4 else None
        self.v6 = str(net6[256 + number]) if v6 else None

    @property
    def addresses(self):
        return [a for a in (self.v4, self.v6) if a]


class Names:
    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(parents=True)
        self.zones = {zone: [] for zone in ("", "test", SIGNED, OPEN)}
        self.bogus = set()
        self.numbers = 0
        self.anchor = self.dir / "anchor"
        self.processes = []
        self.record("ns.test", f"A {AUTHORITY}")
        self.record(f"mx.{OWN}", f"A {world.HERE4}")
        self.record(f"mx.{OWN}", f"AAAA {world.HERE6}")
        self.record(OWN, f"MX 10 mx.{OWN}.")

    # -- what tests declare

    def zone_of(self, name):
        return max((z for z in self.zones if z == name or not z or name.endswith("." + z)), key=len)

    def record(self, name, text):
        self.zones[self.zone_of(name)].append(f"{name}. {TTL} IN {text}")

    def host(self, name, v4=True, v6=False):
        """With addresses of its own, in the DNS."""
        self.numbers += 1
        host = Host(name, self.numbers, v4, v6)
        if v4:
            self.record(name, f"A {host.v4}")
        if v6:
            self.record(name, f"AAAA {host.v6}")
        return host

    def mx(self, domain, *hosts):
        """Mail exchangers in order of preference."""
        for i, host in enumerate(hosts):
            self.record(domain, f"MX {10 * (i + 1)} {getattr(host, 'name', host)}.")

    def site(self, domain, **how):
        """A domain with one mail exchanger, mx.DOMAIN; returns that."""
        host = self.host(f"mx.{domain}", **how)
        self.mx(domain, host)
        return host

    def tlsa(self, host, text, port=25):
        self.record(f"_{port}._tcp.{host.name}", f"TLSA {text}")

    def spoil(self, name):
        """What is at that name in the signed zone has signatures that are not its own."""
        self.bogus.add(name)

    # -- zones and servers

    def _write(self, zone):
        file = self.dir / (zone or "root")
        lines = [f"{zone}. {TTL} IN SOA ns.test. hostmaster.{OWN}. 1 3600 600 86400 {TTL}",
                 f"{zone}. {TTL} IN NS ns.test."]
        file.write_text("\n".join(lines + self.zones[zone]) + "\n")
        return file

    def _sign(self, zone):
        """Signs the zone in its file; returns the DS of its key."""
        key = subprocess.run(["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", f"{zone}."], cwd=self.dir, check=True,
                             capture_output=True, text=True, timeout=20).stdout.strip()
        file = self.dir / (zone or "root")
        subprocess.run(["ldns-signzone", "-f", file, "-o", f"{zone}.", file, key], cwd=self.dir, check=True,
                       capture_output=True, timeout=60)
        return (self.dir / f"{key}.ds").read_text().strip()

    def _spoil(self, zone):
        file, lines = self.dir / zone, []
        for line in file.read_text().splitlines():
            fields = line.split("\t")
            if fields[0].rstrip(".") in self.bogus and fields[3] == "RRSIG" and not fields[4].startswith("NSEC"):
                first, signature = line.rsplit(" ", 1)
                line = f"{first} {'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
            lines.append(line)
        file.write_text("\n".join(lines) + "\n")

    def start(self, roots):
        for zone in (SIGNED, OPEN):
            self._write(zone)
            self.zones["test"].append(f"{zone}. {TTL} IN NS ns.test.")
        self.zones["test"].append(self._sign(SIGNED))
        self._spoil(SIGNED)
        self._write("test")
        self.zones[""] += [f"test. {TTL} IN NS ns.test.", self._sign("test")]
        self._write("")
        self.anchor.write_text(self._sign("") + "\n")
        text = NSD.format(d=self.dir, authority=AUTHORITY)
        for zone in self.zones:
            text += f'zone:\n    name: "{zone or "."}"\n    zonefile: "{zone or "root"}"\n'
        (self.dir / "nsd.conf").write_text(text)
        (self.dir / "unbound.conf").write_text(UNBOUND.format(d=self.dir, authority=AUTHORITY, resolver=RESOLVER))
        self.processes = [
            world.start([roots["nsd"] / "usr/sbin/nsd", "-d", "-c", self.dir / "nsd.conf"], self.dir / "nsd.log"),
            world.start([roots["unbound"] / "usr/sbin/unbound", "-d", "-c", self.dir / "unbound.conf"],
                        self.dir / "unbound.log")]

    def ask(self, name, kind):
        """The answer of the resolver as drill prints it: for the laboratory's own checks."""
        return subprocess.run(["drill", "-D", f"@{RESOLVER}", name, kind], capture_output=True, text=True,
                              timeout=20).stdout

    def answers(self):
        return all(world.accepts(server, 53) for server in (AUTHORITY, RESOLVER)) and \
            "NOERROR" in self.ask(f"mx.{OWN}", "A")

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)
