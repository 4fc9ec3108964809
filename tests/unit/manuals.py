#!/usr/bin/env python3
"""The manuals: every option is described as schema.def has it, every command of
mailctl once, and mandoc has nothing to say. Usage: manuals.py MAILCTL [--write], where --write puts the
option list of MAILCTL into the manual."""
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["libmailcore", "smtpd", "pop3d", "imapd", "queued", "mailctl"]
# Only a system where all of it is installed knows these.
NOT_OURS = ("referenced manual not found", "outdated mandoc.db")


MANUAL = TOP / "libmailcore/conf/mailcore.conf.5"
FIRST, BEHIND = ".It Ic config_version", ".El\n.Sh FILES"


def described(mailctl):
    return subprocess.run([mailctl, "config", "options", "--mdoc"],
                          capture_output=True, text=True, check=True).stdout


def write(mailctl):
    text = MANUAL.read_text()
    MANUAL.write_text(text[:text.index(FIRST)] + described(mailctl) + text[text.index(BEHIND):])


def option_list(mailctl):
    options, manual = described(mailctl), MANUAL.read_text()
    if options + BEHIND in manual:
        return []
    wrong = [block.split("\n")[0] for block in options.split(".It Ic ") if block not in manual]
    return [f"mailcore.conf.5: {', '.join(wrong) or 'order'}: not as in schema.def; "
            "run tests/unit/manuals.py MAILCTL --write"]


def commands(mailctl):
    """Those of its usage: no name twice, each with its paragraph."""
    usage = subprocess.run([mailctl, "--help"], capture_output=True, text=True)
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", usage.stdout + usage.stderr, re.MULTILINE)
    manual = (TOP / "mailctl/mailctl.8").read_text()
    return ([f"mailctl: {name}: in its usage twice" for name in sorted(set(names)) if names.count(name) > 1] +
            [f"mailctl.8: {name}: no paragraph" for name in names if not re.search(rf"^\.It Cm {name}\b", manual, re.MULTILINE)])


def lint():
    if not shutil.which("mandoc"):
        return []
    manuals = [str(path) for room in ROOMS for path in sorted((TOP / room).rglob("*.[158]"))]
    out = subprocess.run(["mandoc", "-T", "lint", *manuals], capture_output=True, text=True)
    return [line for line in (out.stdout + out.stderr).splitlines()
            if line and not any(text in line for text in NOT_OURS)]


def invariants():
    """What store check verifies, as its table has it."""
    rules = re.findall(r'\{ "([a-z-]+)",\s*"([^"]+)"', (TOP / "libmailcore/store/check/check_rules.c").read_text())
    manual = (TOP / "mailctl/mailctl.8").read_text()
    return [f"mailctl.8: {name}: not as in check_rules.c" for name, text in rules
            if f".It Cm {name}\n{text}\n" not in manual]


if "--write" in sys.argv:
    write(sys.argv[1])
problems = option_list(sys.argv[1]) + commands(sys.argv[1]) + invariants() + lint()
print("\n".join(problems))
sys.exit(1 if problems else 0)
