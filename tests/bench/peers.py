"""The servers that are measured: Mailcore, and Postfix with Dovecot from Debian.

Both run below one folder on the disk that holds the checkout, listen on loopback
only, have the accounts u001 to u200 at bench.test, write their normal logs, and
accept mail durably (Dovecot's default fsync policy; Postfix's own).
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import instance  # noqa: E402
from instance import Instance, free_ports, wait_until  # noqa: E402

ACCOUNTS = 200
DOMAIN = "bench.test"
PASSWORD = instance.PASSWORD
PACKAGES = ["postfix", "postfix-pcre", "dovecot-core", "dovecot-imapd", "dovecot-lmtpd"]


def user(number):
    return f"u{number:03d}@{DOMAIN}"


class Mailcore:
    name = "mailcore"

    def __init__(self, build, folder):
        self.mail = Instance(build, users=(), base=folder, options=
                             f'domain "{DOMAIN}" {{ accounts = database }}\nlog_level = info\n'
                             "login_sessions_per_client = 5000\nsmtp_sessions_per_client = 5000\n"
                             "agent_linger = 60s\n")
        text = self.mail.conf.read_text().replace("log_level = debug\n", "", 1)
        self.mail.conf.write_text(text)
        for number in range(1, ACCOUNTS + 1):
            self.mail.add_account(user(number))
        self.mail.start()
        self.smtp_port, self.imap_port, self.imaps_port = (
            self.mail.ports[p] for p in ("smtp", "imap", "imaps"))

    def pids(self):
        for daemon, process in self.mail.processes.items():
            yield process.pid
            for pids in self.mail.children(daemon).values():
                yield from pids

    def end_agents(self):
        """So that the next login of each account starts its agent."""
        self.mail.stop()
        self.mail.start()

    def import_maildir(self, name, path):
        subprocess.run([self.mail.build / "mailctl", "-c", self.mail.conf, "-p", self.mail.dir,
                        "import", name, "maildir", path], check=True, timeout=600, stdout=subprocess.DEVNULL)

    def queue_is_empty(self):
        return self.mail.mailctl_json("queue", "list") in ([], {"messages": []})

    def close(self):
        self.mail.close()


DOVECOT = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = sdbox:{d}/mail/%n
first_valid_uid = 1
mail_max_userip_connections = 100000
default_client_limit = 20000
default_process_limit = 3000
default_vsz_limit = 1G
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mcbench gid=mcbench home={d}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener {d}/lmtp {{
    mode = 0666
  }}
}}
"""

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {d}/spool
data_directory = {d}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {d}/postfix.log
maillog_file_prefixes = {d}
myhostname = mx.bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = bench.test
virtual_mailbox_maps = pcre:{d}/etc/users
virtual_transport = lmtp:unix:{d}/lmtp
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
"""


class PostfixDovecot:
    name = "postfix+dovecot"

    def __init__(self, folder):
        install()
        self.dir = pathlib.Path(folder) / "peer"
        shutil.rmtree(self.dir, ignore_errors=True)
        for sub in ("etc", "data", "mail", "run", "state", "spool"):
            (self.dir / sub).mkdir(parents=True)
        subprocess.run("id mcbench >/dev/null 2>&1 || useradd --system --user-group --no-create-home mcbench",
                       shell=True, check=True)
        self.smtp_port, self.imap_port, self.imaps_port = free_ports(3)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", self.dir / "key.pem",
                        "-out", self.dir / "cert.pem"], check=True, capture_output=True)
        self._dovecot()
        self._postfix()

    def _dovecot(self):
        (self.dir / "dovecot.conf").write_text(DOVECOT.format(
            d=self.dir, cert=self.dir / "cert.pem", key=self.dir / "key.pem",
            imap=self.imap_port, imaps=self.imaps_port))
        shutil.chown(self.dir / "mail", "mcbench", "mcbench")
        self.dovecot = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.dir / "dovecot.conf"])
        wait_until(lambda: (self.dir / "lmtp").exists(), 20, "dovecot")

    def _postfix(self):
        etc = self.dir / "etc"
        shutil.chown(self.dir / "data", "postfix")
        (etc / "main.cf").write_text(MAIN_CF.format(d=self.dir))
        (etc / "users").write_text("/^u[0-9]{3}@bench\\.test$/ ok\n")
        master = pathlib.Path("/usr/share/postfix/master.cf.dist").read_text()
        lines = []
        for line in master.splitlines():
            words = line.split()
            if len(words) >= 8 and not line.startswith("#") and not line[0].isspace():
                words[4] = "n"  # no chroot
                if words[0] == "smtp" and words[1] == "inet":
                    words[0] = f"127.0.0.1:{self.smtp_port}"
                line = " ".join(words)
            lines.append(line)
        text = "\n".join(lines)
        if "postlogd" not in text:
            text += "\npostlog unix-dgram n - n - 1 postlogd"
        (etc / "master.cf").write_text(text + "\n")
        for path in [self.dir] + list(self.dir.parents):
            path.chmod(path.stat().st_mode | 0o055)
        subprocess.run(["postfix", "-c", etc, "start"], check=True, timeout=60, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        time.sleep(1)

    def pids(self):
        roots = {self.dovecot.pid, int((self.dir / "spool/pid/master.pid").read_text())}
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                    parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
                except OSError:
                    pass
        for pid in list(parents):
            up = pid
            while up in parents and up not in roots:
                up = parents[up]
            if up in roots:
                yield pid

    def end_agents(self):
        time.sleep(2)  # its processes end with their connections

    def import_maildir(self, name, path):
        shutil.chown(path, "mcbench", "mcbench")
        for sub in path.iterdir():
            shutil.chown(sub, "mcbench", "mcbench")
        subprocess.run(["doveadm", "-c", self.dir / "dovecot.conf", "-o", "mail_fsync=never", "import", "-u", name,
                        f"maildir:{path}:INDEX=MEMORY", "", "ALL"], check=True, timeout=600)

    def queue_is_empty(self):
        return not any(p.is_file() for q in ("incoming", "active", "deferred", "maildrop")
                       for p in (self.dir / "spool" / q).rglob("*"))

    def close(self):
        subprocess.run(["postfix", "-c", self.dir / "etc", "stop"], timeout=60, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.dovecot.terminate()
        self.dovecot.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


def install():
    """The peers' packages, without letting them start anything."""
    missing = [p for p in PACKAGES if subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", p], capture_output=True, text=True).stdout != "install ok installed"]
    if not missing:
        return
    if os.geteuid():
        sys.exit("tests/bench/run needs root to install: " + " ".join(missing))
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    had = policy.exists()
    if not had:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], check=True,
                       capture_output=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    finally:
        if not had:
            policy.unlink()
