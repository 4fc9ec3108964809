"""A name server that says what a test wants: UDP and TCP, zones that are signed
(Ed25519, by openssl), answers that are wrong, late, or missing."""
import base64
import ipaddress
import pathlib
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time

from instance import free_ports

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "DS": 43, "RRSIG": 46,
         "NSEC": 47, "DNSKEY": 48, "TLSA": 52}
DO = 0x8000
UDP_MAX = 1232


def wire_name(name):
    labels = [label.encode() for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels), at + 1


def rdata_of(kind, text):
    """From the words of a zone file."""
    words = text.split()
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(text).packed
    if kind == "MX":
        return struct.pack(">H", int(words[0])) + wire_name(words[1])
    if kind in ("CNAME", "NS"):
        return wire_name(text)
    if kind == "TXT":
        return b"".join(bytes([len(part)]) + part.encode() for part in text.split("|"))
    if kind == "TLSA":
        return bytes(int(word) for word in words[:3]) + bytes.fromhex(words[3])
    raise ValueError(kind)


class Key:
    """The one key of a signed zone."""

    def __init__(self, zone):
        self.zone = zone
        self.folder = tempfile.TemporaryDirectory(prefix="mailcore-dns-")
        self.file = pathlib.Path(self.folder.name) / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.file], check=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout[-32:]
        self.dnskey = struct.pack(">HBB", 257, 3, 15) + public
        self.tag = sum(byte << (8 if i % 2 == 0 else 0) for i, byte in enumerate(self.dnskey))
        self.tag = (self.tag + (self.tag >> 16)) & 0xFFFF

    def anchor(self):
        return f"{self.zone}. IN DNSKEY 257 3 15 {base64.b64encode(self.dnskey[4:]).decode()}\n"

    def rrsig(self, name, kind, ttl, rdatas):
        """RFC 4034 3.1."""
        now = int(time.time())
        owner = wire_name(name)
        head = struct.pack(">HBBIIIH", TYPES[kind], 15, len(name.split(".")), ttl, now + 86400, now - 3600,
                           self.tag) + wire_name(self.zone)
        records = b"".join(owner + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(r)) + r for r in sorted(rdatas))
        message = pathlib.Path(self.folder.name) / f"{threading.get_ident()}.bin"
        message.write_bytes(head + records)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", message],
                                   check=True, capture_output=True).stdout
        return head + signature


def bitmap(kinds):
    """RFC 4034 4.1.2, types below 256."""
    bits = bytearray(32)
    for kind in kinds:
        bits[TYPES[kind] // 8] |= 0x80 >> TYPES[kind] % 8
    used = bytes(bits).rstrip(b"\0")
    return bytes([0, len(used)]) + used


class DnsServer:
    """records: {"name": {"MX": ["10 mx.name"], ...}}; a name that is not there is NXDOMAIN.
    faults: {("name", "TYPE"): "servfail" | "drop" | "bogus"}; signed: names of zones."""

    TTL = 300

    def __init__(self, records, signed=(), faults=None):
        self.records = records
        self.faults = faults or {}
        self.keys = {zone: Key(zone) for zone in signed}
        for zone in signed:
            self.records.setdefault(zone, {})
        self.port = free_ports(1)[0]
        self.asked = []  # (name, type), as they came
        self.servers = []
        self.lock = threading.Lock()

    def anchors(self):
        return "".join(key.anchor() for key in self.keys.values())

    def start(self):
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                answer = outer.answer(self.request[0], UDP_MAX)
                if answer:
                    self.request[1].sendto(answer, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                while True:
                    head = self.rfile.read(2)
                    if len(head) < 2:
                        return
                    answer = outer.answer(self.rfile.read(struct.unpack(">H", head)[0]), 65535)
                    if answer:
                        self.wfile.write(struct.pack(">H", len(answer)) + answer)

        class ThreadedUdp(socketserver.ThreadingMixIn, socketserver.UDPServer):
            daemon_threads = True
            max_packet_size = 4096

        class ThreadedTcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
            daemon_threads = True
            allow_reuse_address = True

        for kind, handler in ((ThreadedUdp, Udp), (ThreadedTcp, Tcp)):
            server = kind(("127.0.0.1", self.port), handler)
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        for key in self.keys.values():
            key.folder.cleanup()

    def times_asked(self, name, kind):
        with self.lock:
            return self.asked.count((name, kind))

    # -- one answer

    def zone_of(self, name):
        zones = [zone for zone in self.keys if name == zone or name.endswith("." + zone)]
        return max(zones, key=len) if zones else None

    def rrset(self, name, kind, rdatas, with_dnssec):
        """The records, and their signature if there is one."""
        def record(kind, rdata):
            return wire_name(name) + struct.pack(">HHIH", TYPES[kind], 1, self.TTL, len(rdata)) + rdata
        out = [record(kind, rdata) for rdata in rdatas]
        zone = self.zone_of(name)
        if zone and with_dnssec:
            signature = self.keys[zone].rrsig(name, kind, self.TTL, rdatas)
            if self.faults.get((name, kind)) == "bogus":
                signature = signature[:-1] + bytes([signature[-1] ^ 1])
            out.append(record("RRSIG", signature))
        return out

    def soa(self, name, with_dnssec):
        zone = self.zone_of(name) or "test"
        rdata = wire_name(f"ns.{zone}") + wire_name(f"root.{zone}") + struct.pack(">IIIII", 1, 60, 60, 60, self.TTL)
        return self.rrset(zone, "SOA", [rdata], with_dnssec)

    def denial(self, name, with_dnssec):
        """Made for the name that was asked for: it has no other types than these."""
        if not (self.zone_of(name) and with_dnssec):
            return []
        kinds = {kind for kind in self.records.get(name, {})} | {"RRSIG", "NSEC"}
        next_name = b"\1\0" + wire_name(name)
        return self.rrset(name, "NSEC", [next_name + bitmap(kinds)], with_dnssec)

    def find(self, name, kind, with_dnssec):
        """(rcode, answer, authority)"""
        zone = self.zone_of(name)
        if kind == "DNSKEY" and name == zone:
            return 0, self.rrset(name, kind, [self.keys[zone].dnskey], with_dnssec), []
        answer = []
        for _ in range(8):
            here = self.records.get(name)
            if here is None or "CNAME" not in here or kind == "CNAME":
                break
            answer += self.rrset(name, "CNAME", [rdata_of("CNAME", here["CNAME"][0])], with_dnssec)
            name = here["CNAME"][0].strip(".")
        here = self.records.get(name)
        if here and kind in here:
            return 0, answer + self.rrset(name, kind, [rdata_of(kind, r) for r in here[kind]], with_dnssec), []
        exists = here is not None or (self.zone_of(name) and with_dnssec)
        return (0 if exists else 3), answer, self.soa(name, with_dnssec) + self.denial(name, with_dnssec)

    def answer(self, query, limit):
        ident, flags, _, _, _, extra = struct.unpack(">HHHHHH", query[:12])
        name, at = read_name(query, 12)
        name = name.lower()
        number = struct.unpack(">H", query[at:at + 2])[0]
        kind = {n: k for k, n in TYPES.items()}.get(number, str(number))
        question = query[12:at + 4]
        with_dnssec = bool(extra and struct.unpack(">H", query[at + 4 + 7:at + 4 + 9])[0] & DO)
        with self.lock:
            self.asked.append((name, kind))
        fault = self.faults.get((name, kind))
        if fault == "drop":
            return None
        rcode, answer, authority = (2, [], []) if fault == "servfail" else self.find(name, kind, with_dnssec)
        opt = b"\0" + struct.pack(">HHIH", 41, UDP_MAX, DO if with_dnssec else 0, 0) if extra else b""

        def build(flags, answer, authority):
            return (struct.pack(">HHHHHH", ident, 0x8180 | flags, 1, len(answer), len(authority), bool(opt)) +
                    question + b"".join(answer) + b"".join(authority) + opt)
        whole = build(rcode, answer, authority)
        return whole if len(whole) <= limit else build(0x0200 | rcode, [], [])
