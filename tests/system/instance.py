"""A private Mailcore: all four daemons below one directory, on loopback.

Everything is bounded: starting, stopping, every wait. A test that needs other
settings passes options="..." (lines of mailcore.conf).
"""
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

DAEMONS = ["queued", "smtpd", "imapd", "pop3d"]
USERS = {"USER_NET": "mailnet", "USER_AUTH": "mailauth", "USER_KEYS": "mailkeys",
         "USER_STORE": "mailstore", "USER_QUEUE": "mailqueue", "USER_ALIAS": "nobody"}
PASSWORD = "correct horse"
SERVICES = {"smtp": "starttls", "submission": "starttls", "submissions": "implicit",
            "imap": "starttls", "imaps": "implicit", "pop3": "starttls", "pop3s": "implicit"}


def free_ports(count):
    """Ports in a row, below those that the system gives to clients: one of these could take ours at any time."""
    for _ in range(1000):
        first = random.randrange(10000, 32000 - count)
        sockets = [socket.socket() for _ in range(count)]
        try:
            for i, s in enumerate(sockets):
                s.bind(("127.0.0.1", first + i))
            return list(range(first, first + count))
        except OSError:
            pass
        finally:
            for s in sockets:
                s.close()
    raise RuntimeError("no free ports")


def make_users():
    """A package makes them; a machine that runs the tests may have none."""
    for name in USERS.values():
        try:
            pwd.getpwnam(name)
        except KeyError:
            subprocess.run(["useradd", "--system", "--user-group", "--no-create-home",
                            "--shell", "/usr/sbin/nologin", name], check=True)


def add_unix_user(name, home, *more):
    subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home,
                    "--shell", "/bin/sh", *more, name], check=True, capture_output=True)


def remove_unix_user(name):
    subprocess.run(["userdel", "--force", name], check=False, capture_output=True)


def wait_until(condition, seconds=20, what="condition"):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} not within {seconds} s")
        time.sleep(0.02)


class Instance:
    def __init__(self, build, users=("anna", "bert"), options="", isolation="none", base=None, tls_options=""):
        self.build = pathlib.Path(build).resolve()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailcore-", dir=base))
        if isolation != "none":
            self.dir.chmod(0o755)
            if os.geteuid() == 0:
                make_users()
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES))))
        self.processes = {}
        self.isolation = isolation
        self.options = options
        self.tls_options = tls_options
        self.runner = []  # what starts the daemons
        self.cert = self.dir / "cert.pem"
        self._certificate()
        self.write_configuration()
        for user in users:
            self.add_account(user)

    def _certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", self.dir / "key.pem", "-out", self.cert],
                       check=True, capture_output=True)
        (self.dir / "key.pem").chmod(0o600)

    @property
    def conf(self):
        return self.dir / "mailcore.conf"

    def write_configuration(self, options=None):
        if options is not None:
            self.options = options
        listeners = "\n".join(
            f'listen "{name}" {{ service = "{name}" address = "127.0.0.1" '
            f'port = {self.ports[name]} tls = {tls} }}' for name, tls in SERVICES.items())
        self.conf.write_text(
            f'config_version = 1\nhostname = "mx.mailcore.test"\nisolation = {self.isolation}\n'
            'state_dir = "state"\nspool_dir = "spool"\nrun_dir = "run"\n'
            'log = "file:mailcore.log"\nlog_level = debug\nqueue_retry_min = 1s\n'
            f'tls {{ certificate = "cert.pem"\n key = "key.pem"\n {self.tls_options} }}\n'
            f'domain "mailcore.test" {{ accounts = database }}\n{listeners}\n{self.options}\n')

    def mailctl(self, *arguments, stdin="", check=True):
        done = subprocess.run([self.build / "mailctl", "-c", self.conf, "-p", self.dir, *arguments],
                              input=stdin, capture_output=True, text=True, timeout=30)
        if check and done.returncode:
            raise RuntimeError(f"mailctl {arguments}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def mailctl_json(self, *arguments):
        return json.loads(self.mailctl(*arguments, "--json").stdout)

    def address(self, user):
        return user if "@" in user else f"{user}@mailcore.test"

    def add_account(self, user):
        self.mailctl("account", "add", self.address(user), stdin=PASSWORD + "\n")

    # -- processes

    def pid(self, daemon):
        try:
            return int((self.dir / "run" / f"{daemon}.pid").read_text())
        except (OSError, ValueError):
            return None

    def start_one(self, daemon):
        out = open(self.dir / "startup.log", "ab")
        self.processes[daemon] = subprocess.Popen(
            [*self.runner, self.build / daemon, "-c", self.conf, "-p", self.dir, "-f"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        out.close()

    def wait_ready(self, daemon):
        process = self.processes[daemon]

        def ready():
            if process.poll() is not None:
                raise RuntimeError(f"{daemon} ended with {process.returncode}:\n{self.log_tail()}")
            return self.pid(daemon) == process.pid
        wait_until(ready, 30, f"{daemon} ready")

    def start(self, daemons=DAEMONS):
        for daemon in daemons:
            self.start_one(daemon)
        for daemon in daemons:
            self.wait_ready(daemon)
        if "smtpd" in daemons and "queued" in daemons:
            self.wait_queue()
        return self

    def wait_queue(self):
        """smtpd has reached queued: a message in flight would get 451 before."""
        wait_until(lambda: (self.dir / "run" / "queue.sock").exists(), 20, "queue.sock")

    def stop_one(self, daemon, how=signal.SIGTERM):
        process = self.processes.pop(daemon, None)
        if not process:
            return
        if process.poll() is None:
            if how == signal.SIGKILL:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            raise RuntimeError(f"{daemon} did not stop:\n{self.log_tail()}")

    def stop(self, how=signal.SIGTERM):
        for daemon in list(self.processes):
            self.stop_one(daemon, how)

    def kill_everything(self):
        for process in self.processes.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in self.processes.values():
            process.wait(10)
        self.processes.clear()

    def children(self, daemon):
        """{role: [pid, ...]} of a daemon, from its processes' names."""
        monitor = self.processes[daemon].pid
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
                cmdline = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == monitor and b"-R" in cmdline:
                role = cmdline[cmdline.index(b"-R") + 1].decode()
                found.setdefault(role, []).append(int(entry.name))
        return found

    def close(self, keep=False):
        try:
            self.stop()
        finally:
            self.kill_everything()
            if not keep:
                shutil.rmtree(self.dir, ignore_errors=True)

    # -- looking

    def log(self):
        try:
            return (self.dir / "mailcore.log").read_text(errors="replace")
        except OSError:
            return ""

    def log_tail(self, lines=25):
        startup = self.dir / "startup.log"
        text = startup.read_text(errors="replace") if startup.exists() else ""
        return "\n".join((text + self.log()).splitlines()[-lines:])

    def wait_log(self, text, seconds=20):
        wait_until(lambda: text in self.log(), seconds, f'log line with "{text}"')

    def sanitizer_reports(self):
        text = (self.dir / "startup.log").read_text(errors="replace") if (self.dir / "startup.log").exists() else ""
        return [line for line in (text + self.log()).splitlines()
                if "ERROR: AddressSanitizer" in line or "runtime error:" in line or "LeakSanitizer" in line]

    # -- clients

    def tls(self):
        return ssl.create_default_context(cafile=str(self.cert))

    def connect(self, service, timeout=10):
        return socket.create_connection(("127.0.0.1", self.ports[service]), timeout)

    def imap(self, user="anna", password=PASSWORD):
        import imaplib
        client = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=self.tls(), timeout=20)
        client.login(self.address(user), password)
        return client

    def pop3(self, user="anna", password=PASSWORD):
        import poplib
        client = poplib.POP3_SSL("localhost", self.ports["pop3s"], context=self.tls(), timeout=20)
        client.user(self.address(user))
        client.pass_(password)
        return client

    def smtp(self):
        import smtplib
        return smtplib.SMTP("127.0.0.1", self.ports["smtp"], local_hostname="client.test", timeout=20)

    def send(self, message, recipients=("anna",), sender="someone@else.test"):
        with self.smtp() as client:
            client.sendmail(sender, [self.address(r) for r in recipients], message)

    def wait_messages(self, user, count, seconds=20, mailbox="INBOX"):
        client = self.imap(user)
        try:
            def enough():
                client.noop()
                typ, data = client.select(mailbox, readonly=True)
                return typ == "OK" and int(data[0]) >= count
            wait_until(enough, seconds, f"{count} messages for {user}")
        finally:
            client.logout()
