"""Who sends in the laboratory: Mailcore; or Postfix, to see that a test finds right
right and wrong wrong whoever is at work."""
import dataclasses
import itertools
import json
import re
import smtplib
import subprocess

import servers
from instance import PASSWORD, Instance, free_ports, wait_until
from names import OWN, RESOLVER

ANNA = f"anna@{OWN}"
BODY = "hello\r\n"


@dataclasses.dataclass
class Route:
    """Where mail for the domain goes: host:port, or "unix:/path", instead of its mail
    exchangers. tls as in mailcore.conf(5)."""
    domain: str
    host: str = ""
    port: int = 25
    lmtp: bool = False
    tls: str = "opportunistic"
    login: str = ""  # "user:password"
    connections_max: int = 0


class Sender:
    """What tests use. A message gets a number, which is in its header X-Number."""
    numbers = itertools.count(1)

    def message(self, body=BODY, fields=""):
        number = f"m{next(self.numbers)}"
        text = (f"From: <{ANNA}>\r\nTo: undisclosed-recipients:;\r\nSubject: number {number}\r\n"
                f"Message-ID: <{number}@{OWN}>\r\nX-Number: {number}\r\n{fields}\r\n")
        return number, text.encode() + (body if isinstance(body, bytes) else body.encode())

    def submit(self, *recipients, body=BODY, mail_options=(), rcpt_options=(), fields=""):
        """Returns the message's number. fields: more of its header."""
        return self.submit_many([recipients], body, mail_options, rcpt_options, fields)[0]

    def submit_many(self, lists, body=BODY, mail_options=(), rcpt_options=(), fields=""):
        numbers = []
        with self.client() as client:
            for recipients in lists:
                number, text = self.message(body, fields)
                self.send(client, recipients, text, mail_options, rcpt_options)
                numbers.append(number)
        return numbers

    @staticmethod
    def send(client, recipients, text, mail_options, rcpt_options):
        """While queued starts again, the answer is 451: a client comes again."""
        def taken():
            try:
                refused = client.sendmail(ANNA, recipients, text, mail_options, rcpt_options)
            except smtplib.SMTPDataError as error:
                if error.smtp_code != 451:
                    raise
                return False
            if refused:
                raise RuntimeError(f"not taken: {refused}")
            return True
        wait_until(taken, 20, "the message to be taken")


    def notices_about(self, text):
        return [n for n in self.notices() if text.encode() in n]


class Mailcore(Sender):
    name = "mailcore"
    CONNECTIONS_MAX = 5  # to one destination: fewer than tests would have

    def __init__(self, lab, options=""):
        self.secrets = lab.dir / "secrets"
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        self.mail = Instance(
            lab.build, users=("anna", "postmaster"), isolation="full", tls_options=f'ca_file = "{lab.certs.cert}"',
            options="\n".join([f'resolver = "{RESOLVER}"', "relay_connect_timeout = 2s",
                               f"relay_connections_max = {self.CONNECTIONS_MAX}",
                               f'resolver_trust_anchor = "{lab.names.anchor}"',
                               options, *map(self.route, lab.routes)]))
        self.mail.start()
        self.inbox, self.told = None, {}  # {UID: message}: nothing else comes there, and nothing goes

    def route(self, route):
        words = [f"tls = {route.tls}"]
        if not route.host.startswith("unix:"):
            words.append(f"port = {route.port}")
        if route.host:
            words.append(f'host = "{route.host}"')
        if route.lmtp:
            words.append("protocol = lmtp")
        if route.connections_max:
            words.append(f"connections_max = {route.connections_max}")
        if route.login:
            user, password = route.login.split(":")
            file = self.secrets / route.domain
            file.write_text(password + "\n")
            file.chmod(0o600)
            words.append(f'user = "{user}" password_file = "{file}"')
        return f'route "{route.domain}" {{ ' + "\n".join(words) + " }"

    def client(self):
        client = smtplib.SMTP("127.0.0.1", self.mail.ports["submission"], local_hostname="client.test", timeout=20)
        client.starttls(context=self.mail.tls())
        client.login(ANNA, PASSWORD)
        return client

    def waiting(self):
        """{recipient: why} of all that has no fate yet."""
        return {r["address"]: r["reply"] for m in self.mail.mailctl_json("queue", "list") for r in m["recipients"]
                if r["state"] != "failed"}

    def forget(self, recipient):
        self.mail.mailctl("queue", "delete", "--recipient", recipient, check=False)

    def notices(self):
        """The messages in anna's mailbox."""
        if not self.inbox:
            self.inbox = self.mail.imap("anna")
        self.inbox.select("INBOX", readonly=True)
        _, data = self.inbox.uid("FETCH", f"{len(self.told) + 1}:*", "(BODY.PEEK[])")
        for item in data:
            if isinstance(item, tuple):
                self.told[int(re.search(rb"UID (\d+)", item[0]).group(1))] = item[1]
        return list(self.told.values())

    def log_tail(self):
        lines = self.mail.log_tail(2000).splitlines()
        return "\n".join([line for line in lines if " imapd/" not in line][-25:])

    def close(self, keep=False):
        self.mail.close(keep)


class Postfix(Sender):
    name = "postfix"
    LEVELS = {"opportunistic": "dane", "none": "none", "required": "encrypt", "verified": "secure match=nexthop",
              "dane": "dane-only"}

    def __init__(self, lab, options=""):
        self.dir, self.roots = lab.dir / "sender", lab.roots
        self.dir.mkdir()
        self.port = free_ports(1)[0]
        self.write_tables([r for r in lab.routes if r.tls != "implicit"])
        self.server = servers.Postfix(
            self.dir / "server", self.roots, ("127.0.0.1", self.port), f"mx.{OWN}", [OWN],
            "inet_protocols = all\nsmtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec\n"
            f"smtp_tls_CAfile = {lab.certs.cert}\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n"
            "queue_run_delay = 1s\nsmtp_connect_timeout = 2s\nsmtp_helo_timeout = 5s\nsmtp_mail_timeout = 5s\n"
            "smtp_rcpt_timeout = 5s\nsmtp_data_init_timeout = 5s\nsmtp_data_done_timeout = 5s\n"
            "smtp_host_lookup = dns\nsmtp_skip_5xx_greeting = no\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_security_options =\n"
            f"smtp_sasl_password_maps = regexp:{self.dir}/sasl\ntransport_maps = regexp:{self.dir}/transport\n"
            f"smtp_tls_policy_maps = regexp:{self.dir}/tls\n{options}", inside=False)
        wait_until(self.is_up, 20, "Postfix")

    def is_up(self):
        try:
            self.client().quit()
            return True
        except OSError:
            return False

    def write_tables(self, routes):
        tables = {"transport": {}, "tls": {}, "sasl": {}}
        for route in routes:
            at = f"[{route.host.strip('[]')}]:{route.port}" if route.host else route.domain
            if route.host.startswith("unix:"):
                tables["transport"]["@" + route.domain] = f"lmtp:{route.host}"
            elif route.host:
                tables["transport"]["@" + route.domain] = f"{'lmtp:inet' if route.lmtp else 'smtp'}:{at}"
            tables["tls"][at] = self.LEVELS[route.tls]
            if route.login:
                tables["sasl"][at] = route.login
        for name, rows in tables.items():
            (self.dir / name).write_text("".join(f"{self.exactly(key)} {value}\n" for key, value in rows.items()))

    @staticmethod
    def exactly(key):
        """A line of a regexp table, by its end: an address has something before its domain."""
        return "/" + "".join(c if c.isalnum() or c in "-:@" else "\\" + c for c in key) + "$/"

    def client(self):
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.test", timeout=20)

    def waiting(self):
        return {r["address"]: r.get("delay_reason", "") for m in self.queue() for r in m["recipients"]}

    def queue(self):
        done = self.command("postqueue", "-j")
        done.check_returncode()
        return [json.loads(line) for line in done.stdout.splitlines()]

    def command(self, name, *words):
        return subprocess.run([self.roots["postfix"] / "usr/sbin" / name, "-c", self.server.dir / "etc", *words],
                              capture_output=True, text=True, timeout=20)

    def forget(self, recipient):
        for message in self.queue():
            if recipient in [r["address"] for r in message["recipients"]]:
                self.command("postsuper", "-d", message["queue_id"])

    def notices(self):
        return [m for messages in self.server.mails().values() for m in messages]

    def log_tail(self):
        return "\n".join(self.server.log.read_text(errors="replace").splitlines()[-25:])

    def close(self, _keep=False):
        self.server.close()
