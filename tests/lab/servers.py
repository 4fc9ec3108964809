"""Receiving servers of other people's: each stores what it takes as a Maildir, but smtp-sink, which counts."""
import os
import pathlib
import re
import signal
import subprocess

import world

MAIL_USER, MAIL_UID = "labmail", 64990
ACCOUNTS = {"postfix": 64991, "opensmtpd": 64992, "opensmtpq": 64993, MAIL_USER: MAIL_UID}
GROUPS = {"postdrop": 64994}
QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "maildrop",
          "public", "saved", "trace"]
OWNED_BY_ROOT = ["pid"]


def add_users():
    """In this mount namespace only."""
    passwd, group = (pathlib.Path(f).read_text().splitlines() for f in ("/etc/passwd", "/etc/group"))
    names = set(ACCOUNTS) | set(GROUPS)
    passwd = [line for line in passwd if line.split(":")[0] not in names]
    group = [line for line in group if line.split(":")[0] not in names]
    passwd += [f"{n}:x:{i}:{i}::/nonexistent:/usr/sbin/nologin" for n, i in ACCOUNTS.items()]
    group += [f"{n}:x:{i}:" for n, i in {**ACCOUNTS, **GROUPS}.items()]
    world.overlay("/etc/passwd", "\n".join(passwd) + "\n")
    world.overlay("/etc/group", "\n".join(group) + "\n")


def overlay_programs(roots):
    """The paths that are compiled into the servers."""
    world.mount(roots["postfix"] / "usr/lib/postfix", "/usr/lib/postfix")
    world.mount(roots["opensmtpd"] / "usr/libexec/opensmtpd", "/usr/libexec/opensmtpd")
    for folder in ("/var/spool/smtpd", "/var/lib/opensmtpd/empty"):
        empty = pathlib.Path("/run/lab/empty") / folder.strip("/").replace("/", "-")
        empty.mkdir(parents=True, mode=0o711)
        world.mount(empty, folder)


class Process:
    """A server that runs in the foreground, in a session of its own."""

    def __init__(self, folder, command, inside=True):
        self.dir, self.log = pathlib.Path(folder), pathlib.Path(folder) / "log"
        if inside:
            self.process = world.start(command, self.log)
        else:
            with open(self.log, "ab") as out:
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                start_new_session=True)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


def maildir(path):
    """{X-Number: [the message as it lies there]}."""
    found = {}
    for file in sorted(pathlib.Path(path).glob("new/*")):
        text = file.read_bytes()
        number = re.search(rb"^x-number: *(\S+)", text, re.I | re.M)
        found.setdefault(number.group(1).decode() if number else None, []).append(text)
    return found


class Postfix(Process):
    """listen: ADDRESS:PORT of its smtpd. options: more of main.cf. It takes mail for
    the domains and keeps it in mail/."""

    def __init__(self, folder, roots, listen, name, domains, options="", inside=True):
        folder = pathlib.Path(folder)
        for sub in ("etc", "data", "mail", *(f"spool/{q}" for q in QUEUES + OWNED_BY_ROOT)):
            (folder / sub).mkdir(parents=True)
        for owned in ("data", *(f"spool/{q}" for q in QUEUES)):
            os.chown(folder / owned, ACCOUNTS["postfix"], -1)
            (folder / owned).chmod(0o700)
        for sub, mode in (("maildrop", 0o730), ("public", 0o710)):
            os.chown(folder / "spool" / sub, -1, GROUPS["postdrop"])
            (folder / "spool" / sub).chmod(mode)
        os.chown(folder / "mail", MAIL_UID, MAIL_UID)
        (folder / "etc/main.cf").write_text(
            f"compatibility_level = 3.6\nqueue_directory = {folder}/spool\ndata_directory = {folder}/data\n"
            f"command_directory = {roots['postfix']}/usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\n"
            f"maillog_file = {folder}/log\nmaillog_file_prefixes = {folder}\n"
            f"myhostname = {name}\nmydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = all\n"
            "alias_maps =\nalias_database =\nsmtputf8_enable = yes\nmessage_size_limit = 102400000\n"
            f"virtual_mailbox_domains = {' '.join(domains)}\nvirtual_mailbox_base = {folder}/mail\n"
            f"virtual_mailbox_maps = static:box/\nvirtual_uid_maps = static:{MAIL_UID}\n"
            f"virtual_gid_maps = static:{MAIL_UID}\nvirtual_mailbox_limit = 0\n{options}\n")
        master = (roots["postfix"] / "usr/share/postfix/master.cf.dist").read_text()
        (folder / "etc/master.cf").write_text(self.master(master, listen))
        super().__init__(folder, ["/usr/lib/postfix/sbin/master", "-c", folder / "etc", "-d"], inside)

    @staticmethod
    def master(text, listen):
        lines = []
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 8 and line[0] not in "# \t":
                words[4] = "n"  # no chroot
                if words[:2] == ["smtp", "inet"]:
                    words[0] = f"{listen[0]}:{listen[1]}"
                line = " ".join(words)
            lines.append(line)
        if not any("postlogd" in line for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        return "\n".join(lines) + "\n"

    def queue_is_empty(self):
        return not any(p.is_file() for q in ("incoming", "active", "deferred", "maildrop")
                       for p in (self.dir / "spool" / q).rglob("*"))

    def mails(self):
        return maildir(self.dir / "mail/box")


class DovecotAuth(Process):
    """Dovecot for its logins only: at listen, a path, for a Postfix. users: {name: password}. Its programs look for
    each other where the package would have put them, unless they are told."""

    def __init__(self, folder, roots, listen, users):
        folder, root = pathlib.Path(folder), roots["dovecot-core"]
        programs = root / "usr/lib/dovecot"
        libraries = f"{programs}:{programs}/modules/old-stats"
        folder.mkdir(parents=True)
        (folder / "users").write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        (folder / "dovecot.conf").write_text(
            f"base_dir = {folder}/run\nstate_dir = {folder}/state\nlog_path = {folder}/log\n"
            f"libexec_dir = {programs}\nimport_environment = LD_LIBRARY_PATH={libraries}\n"
            "default_internal_user = nobody\ndefault_internal_group = nogroup\ndefault_login_user = nobody\n"
            "protocols =\nssl = no\nauth_mechanisms = plain login scram-sha-256\n"
            f"passdb {{\n  driver = passwd-file\n  args = scheme=PLAIN {folder}/users\n}}\n"
            f"service auth {{\n  user = root\n  unix_listener {listen} {{\n    mode = 0666\n  }}\n}}\n")
        conf = folder / "dovecot.conf"
        super().__init__(folder, [
            "env", f"LD_LIBRARY_PATH={libraries}", root / "usr/bin/doveconf", "-f", "service=master", "-c", conf,
            "-m", "master", "-e", root / "usr/sbin/dovecot", "-F", "-c", conf])


class OpenSmtpd(Process):
    def __init__(self, folder, roots, listen, name, domains):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        (folder / "mail").mkdir()
        os.chown(folder / "mail", MAIL_UID, MAIL_UID)
        domains = ", ".join(f'"{d}"' for d in domains)
        (folder / "smtpd.conf").write_text(
            f'listen on {listen[0]} port {listen[1]} hostname {name}\n'
            f'table catchall {{ "@" = "{MAIL_USER}" }}\n'
            f'action "keep" maildir "{folder}/mail/box" virtual <catchall>\n'
            f'match from any for domain {{ {domains} }} action "keep"\n')
        super().__init__(folder, [roots["opensmtpd"] / "usr/sbin/smtpd", "-d", "-f", folder / "smtpd.conf"])

    def mails(self):
        return maildir(self.dir / "mail/box")


class Sink(Process):
    """Counts on its standard output, as "conn=N quit=N mesg=N"."""

    def __init__(self, folder, roots, listen, inside=True):
        pathlib.Path(folder).mkdir(parents=True)
        super().__init__(folder, [roots["postfix"] / "usr/sbin/smtp-sink", "-c", "-u", MAIL_USER,
                                  f"{listen[0]}:{listen[1]}", "1000"], inside)

    def count(self):
        counts = re.findall(r"mesg=(\d+)", self.log.read_text(errors="replace")[-400:])
        return int(counts[-1]) if counts else 0
