#!/usr/bin/env python3
"""Kills processes at random moments while mail streams in and flags change,
then compares: every message that was answered 250 is in its mailbox exactly
once, byte for byte, and every acknowledged flag change is there.

usage: run.py --build DIR [--long] [--kills N] [--seed N]

Each role of each daemon is killed in turn (SIGKILL), and at times everything
at once. Clients reconnect; a message whose 250 did not come may be there or
not, but never twice: each attempt carries its own number.
"""
import argparse
import hashlib
import imaplib
import os
import pathlib
import random
import signal
import smtplib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from instance import DAEMONS, Instance, wait_until  # noqa: E402

USERS = ["anna", "bert", "carl"]


class Sender(threading.Thread):
    """Sends numbered messages; remembers which were answered 250."""

    def __init__(self, mail, name, seed):
        super().__init__(daemon=True)
        self.mail, self.name, self.random = mail, name, random.Random(seed)
        self.accepted, self.attempted = {}, {}
        self.stop = threading.Event()

    def build(self, number):
        size = self.random.choice([300, 4_000, 4_000, 30_000, 90_000])
        body = f"{self.name} {number} " + "".join(self.random.choices("abcdef .\n", k=size))
        body = body.replace("\n", "\r\n").rstrip() + "\r\n"
        return f"From: {self.name}@else.test\r\nX-Number: {self.name}-{number}\r\n\r\n{body}"

    def run(self):
        number = 0
        client = None
        while not self.stop.is_set():
            try:
                if client is None:
                    client = smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"],
                                          local_hostname="crash.test", timeout=10)
                number += 1
                user = self.random.choice(USERS)
                text = self.build(number)
                key = f"{self.name}-{number}"
                self.attempted[key] = user
                client.sendmail(f"{self.name}@else.test", [f"{user}@mailcore.test"], text)
                self.accepted[key] = (user, hashlib.sha256(text.encode()).hexdigest())
            except (OSError, smtplib.SMTPException):
                try:
                    if client:
                        client.close()
                except OSError:
                    pass
                client = None
                time.sleep(0.05)


class Flagger(threading.Thread):
    """Sets one keyword after the other; remembers what was acknowledged."""

    def __init__(self, mail, user):
        super().__init__(daemon=True)
        self.mail, self.user = mail, user
        self.acknowledged = {}
        self.stop = threading.Event()

    def run(self):
        client, number = None, 0
        while not self.stop.is_set():
            try:
                if client is None:
                    client = self.mail.imap(self.user)
                    client.select("INBOX")
                number += 1
                client.noop()
                _, data = client.uid("SEARCH", "ALL")
                uids = (data[0] or b"").split()
                if not uids:
                    time.sleep(0.05)
                    continue
                uid = uids[number * 7919 % len(uids)].decode()
                flags = r"(\Flagged kw%d)" % (number % 50)
                typ, _ = client.uid("STORE", uid, "+FLAGS", flags)
                if typ == "OK":
                    self.acknowledged.setdefault(uid, set()).update({"\\Flagged", "kw%d" % (number % 50)})
            except (OSError, imaplib.IMAP4.error):
                client = None
                time.sleep(0.05)


def targets(mail):
    """(daemon, role, pid) of every role that runs, monitors included."""
    for daemon, process in mail.processes.items():
        yield daemon, "monitor", process.pid
        for role, pids in mail.children(daemon).items():
            for pid in pids:
                yield daemon, role, pid


class Killer:
    def __init__(self, mail, seed):
        self.mail, self.random, self.done = mail, random.Random(seed), {}

    def strike(self):
        every = list(targets(self.mail))
        kinds = sorted({(d, r) for d, r, _ in every}, key=lambda k: (self.done.get(k, 0), k))
        kinds.append(("all", "all"))
        kind = min(kinds, key=lambda k: (self.done.get(k, 0), self.random.random()))
        self.done[kind] = self.done.get(kind, 0) + 1
        if kind == ("all", "all"):
            self.mail.kill_everything()
            self.mail.start()
            return kind
        pid = self.random.choice([p for d, r, p in every if (d, r) == kind])
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if kind[1] == "monitor":
            self.restart(kind[0])
        return kind

    def restart(self, daemon):
        process = self.mail.processes.pop(daemon)
        process.wait(10)
        wait_until(lambda: not group_alive(process.pid), 20, f"{daemon}'s roles to end with their monitor")
        self.mail.start_one(daemon)
        self.mail.wait_ready(daemon)


def group_alive(pgid):
    try:
        os.killpg(pgid, 0)
        return True
    except ProcessLookupError:
        return False


def everything_in(mail, user):
    """{X-Number: [(uid, flags, sha256 of what was sent)]} of a mailbox."""
    client = mail.imap(user)
    client.select("INBOX", readonly=True)
    found = {}
    _, data = client.uid("SEARCH", "ALL")
    for uid in (data[0] or b"").split():
        _, answer = client.uid("FETCH", uid, "(FLAGS BODY.PEEK[])")
        flags = set()
        for item in answer:
            head = item[0] if isinstance(item, tuple) else item
            if b"FLAGS (" in head:
                flags = set(head.split(b"FLAGS (")[1].split(b")")[0].decode().split())
        raw = next(item[1] for item in answer if isinstance(item, tuple))
        start = raw.index(b"From: ")
        number = raw[start:].split(b"X-Number: ")[1].split(b"\r\n")[0].decode()
        found.setdefault(number, []).append((uid.decode(), flags, hashlib.sha256(raw[start:]).hexdigest()))
    client.logout()
    return found


def compare(mail, senders, flaggers):
    problems = []
    boxes = {user: everything_in(mail, user) for user in USERS}
    for sender in senders:
        for key, (user, digest) in sender.accepted.items():
            copies = boxes[user].get(key, [])
            if len(copies) != 1:
                problems.append(f"{key}: answered 250, {len(copies)} copies for {user}")
            elif copies[0][2] != digest:
                problems.append(f"{key}: bytes differ")
    for user, box in boxes.items():
        for key, copies in box.items():
            if len(copies) > 1:
                problems.append(f"{key}: {len(copies)} copies for {user}")
    for flagger in flaggers:
        by_uid = {uid: flags for copies in boxes[flagger.user].values() for uid, flags, _ in copies}
        for uid, wanted in flagger.acknowledged.items():
            missing = wanted - by_uid.get(uid, set())
            if missing:
                problems.append(f"{flagger.user} UID {uid}: acknowledged {missing} is gone")
    return problems, sum(len(b) for b in boxes.values())


def settle(mail, senders):
    wanted = {user: set() for user in USERS}
    for sender in senders:
        for key, (user, _) in sender.accepted.items():
            wanted[user].add(key)

    def arrived():
        for user in USERS:
            client = mail.imap(user)
            _, data = client.select("INBOX", readonly=True)
            client.logout()
            if int(data[0]) < len(wanted[user]):
                return False
        return True
    try:
        wait_until(arrived, 60, "all accepted mail to arrive")
    except TimeoutError:
        pass  # compare() names what is missing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    kills = arguments.kills or (200 if arguments.long else 24)
    chance = random.Random(arguments.seed)
    print(f"seed {arguments.seed}, {kills} kills")
    mail = Instance(arguments.build, users=USERS, options="agent_linger = 5s")
    problems = []
    try:
        mail.start()
        senders = [Sender(mail, f"s{i}", arguments.seed + i) for i in range(3)]
        flaggers = [Flagger(mail, user) for user in USERS[:2]]
        for thread in senders + flaggers:
            thread.start()
        killer = Killer(mail, arguments.seed)
        time.sleep(2)
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 1.2))
            killer.strike()
        time.sleep(2)
        for thread in senders + flaggers:
            thread.stop.set()
        for thread in senders + flaggers:
            thread.join(30)
        settle(mail, senders)
        problems, stored = compare(mail, senders, flaggers)
        accepted = sum(len(s.accepted) for s in senders)
        flags = sum(len(f.acknowledged) for f in flaggers)
        print("killed: " + ", ".join(f"{d}/{r} {n}" for (d, r), n in sorted(killer.done.items())))
        print(f"{accepted} messages answered 250, {stored} stored, {flags} messages flagged")
        if accepted < kills or not flags:
            problems.append("too little was going on to show anything")
    except Exception as error:  # what broke the run is the result of the run
        problems.append(f"{type(error).__name__}: {error}")
    finally:
        if problems:
            print("\n".join(problems[:20]) + "\n--- log tail\n" + mail.log_tail(40))
        mail.close(keep=bool(os.environ.get("MAILCORE_KEEP")))
    print(f"{kills - min(len(problems), kills)} passed, {len(problems)} failed")
    sys.exit(bool(problems))


main()
