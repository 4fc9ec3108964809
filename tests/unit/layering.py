#!/usr/bin/env python3
"""Who may include whom, and what may be included only in one place.

The rooms and their order are those of README.md. Each source of the tree is
read; every include that breaks the table is printed. Then each header is
compiled alone: it must bring what it needs.
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = {
    "base": set(),
    "log": {"base"},
    "text": {"base", "log"},
    "wire": {"base", "log"},
    "store": {"base", "log", "text", "wire"},
    "sasl": {"base", "log", "text", "wire"},
    "conf": {"base", "log", "text", "wire"},
    "accounts": {"base", "log", "text", "wire", "store", "sasl", "conf"},
    "net": {"base", "log", "text", "wire", "conf"},
    "proc": {"base", "log", "text", "wire", "conf", "net", "store", "sasl", "accounts", "crypto"},
    "crypto": {"base", "net", "proc", "sasl", "text"},
}
# The rooms within a layer or a daemon, from the bottom up.
ROOMS = {
    "text": {
        "text": set(),
        "message": {"text"},
        "search": {"text"},
    },
    # The headers of mailbox and of store's own folder declare what all rooms
    # above kv speak of; their sources stand above the rooms that they call.
    "store": {
        "kv": set(),
        "store/*.h": {"kv"},
        "mailbox/*.h": {"kv", "store"},
        "record": {"kv", "store", "mailbox"},
        "txn": {"kv", "store", "mailbox", "record"},
        "mailbox/*.c": {"kv", "store", "record", "txn"},
        "search": {"kv", "store", "mailbox", "record", "txn"},
        "check": {"kv", "store", "mailbox", "record", "txn"},
        "dump": {"kv", "store", "mailbox", "record", "txn", "check"},
        "store/*.c": {"kv", "mailbox", "record", "txn", "search"},
    },
    # Likewise: main() is in proc's own folder. Of agents the monitor knows the
    # exit codes.
    "proc": {
        "proc/*.h": set(),
        "isolation": {"proc"},
        "keys": {"proc"},
        "auth": {"proc"},
        "front": {"proc"},
        "body": {"proc", "isolation"},
        "agent": {"proc", "body"},
        "monitor": {"proc", "isolation", "agent"},
        "proc/*.c": {"isolation", "body", "monitor"},
    },
    # A tree of mbox files has folders and subscriptions as one of Maildirs has.
    # main() is in mailctl's own folder.
    "mailctl": {
        "mailctl/*.h": set(),
        "queue": {"mailctl"},
        "explain": {"mailctl"},
        "store": {"mailctl"},
        "backup": {"mailctl", "store"},
        "transfer": {"mailctl", "store"},
        "transfer/maildir": {"transfer"},
        "transfer/mbox": {"transfer", "transfer/maildir"},
        "mailctl/*.c": {"store"},
    },
}
DAEMONS = ["smtpd", "pop3d", "imapd", "queued", "mailctl"]
# mailctl shows the queue: it may read queued's key layouts.
MAY_ALSO = {"mailctl": {"queued"}}
ONLY = {
    r"lmdb\.h": r"libmailcore/store/kv/",
    r"uv\.h": r"libmailcore/(net|proc)/",
    r"openssl/.*": r"libmailcore/(net/tls.*\.c|net/tls_server\.h|proc/keys/.*\.c|sasl/hash\.c)",
    r"utf8proc\.h|iconv\.h": r"libmailcore/text/",
    r"zstd\.h": r"libmailcore/store/record/pack\.c|mailctl/store/store_stream.*\.[ch]",
    r"confuse\.h": r"libmailcore/conf/",
    r"unbound(-event)?\.h": r"queued/resolver/dns(_events)?\.[ch]",
    r"idn2\.h": r"libmailcore/text/idn\.c",
    r"libpsl\.h": r"queued/resolver/name\.c",
    r"jansson\.h": r"mailctl/|queued/policy/report\.c",
    r"curl/.*": r"queued/fetch/https\.c",
    r"zlib\.h": r"queued/policy/report\.c",
    r"seccomp\.h|linux/landlock\.h": r"libmailcore/proc/isolation/sandbox.*\.c",
    r"store/txn/.*|store/record/(?!crc32c\.h).*": r"libmailcore/store/",
    r"proc/body/.*": r"libmailcore/proc/",
    r"proc/monitor/.*": r"libmailcore/proc/|mailctl/store/open_store\.c",
    r"ctype\.h|locale\.h": r"$^",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def room_of(path):
    parts = path.parts
    return parts[1] if parts[0] == "libmailcore" else parts[0]


def allowed(room, target):
    if target == room:
        return True
    if room in DAEMONS:
        return target in LIBRARY or target in MAY_ALSO.get(room, ())
    return target in LIBRARY[room]


def inner_room(path):
    return "/".join(path.parts[1:-1]) or path.parts[0]


def inner_allowed(path, target):
    rooms = ROOMS[path.parts[0]]
    room = inner_room(path)
    may = rooms.get(room, rooms.get(f"{room}/*{path.suffix}"))
    return may is not None and (target == room or target in may)


def violations():
    for top in ["libmailcore"] + DAEMONS:
        for path in sorted((TOP / top).rglob("*.[ch]")):
            relative = path.relative_to(TOP)
            room = room_of(relative)
            if room not in LIBRARY and room not in DAEMONS:
                yield f"{relative}: folder {room} has no place in the table"
                continue
            for quote, name in INCLUDE.findall(path.read_text(errors="replace")):
                for pattern, where in ONLY.items():
                    if re.fullmatch(pattern, name) and not re.match(where, str(relative)):
                        yield f"{relative}: only {where} may include {name}"
                if quote == '"':
                    target = name.split("/")[0]
                    if "/" not in name:
                        yield f'{relative}: "{name}" lacks its layer'
                    elif not allowed(room, target):
                        yield f"{relative}: {room} may not include {name}"
                    elif room == target and room in ROOMS:
                        inside = relative.relative_to("libmailcore") if room in LIBRARY else relative
                        if not inner_allowed(inside, inner_room(pathlib.PurePath(name))):
                            yield f"{relative}: may not include {name}"


def headers_not_alone():
    flags = ["-std=c11", "-D_GNU_SOURCE", f"-I{TOP}/libmailcore", f"-I{TOP}",
             '-DMAILCORE_STATEDIR=""', '-DMAILCORE_SPOOLDIR=""', '-DMAILCORE_RUNDIR=""',
             '-DMAILCORE_SYSCONFDIR=""', "-Werror", "-Wall", "-Wextra", "-fsyntax-only", "-xc", "-"]
    for top in ["libmailcore"] + DAEMONS:
        for path in sorted((TOP / top).rglob("*.h")):
            relative = path.relative_to(TOP / "libmailcore" if top == "libmailcore" else TOP)
            if relative.name == "banned.h":
                continue
            done = subprocess.run(["cc", *flags], input=f'#include "{relative}"\n#include "{relative}"\n',
                                  capture_output=True, text=True)
            if done.returncode:
                yield f"{relative} does not compile alone:\n{done.stderr}"


found = list(violations()) + list(headers_not_alone())
print("\n".join(found) if found else "layering: clean")
sys.exit(bool(found))
