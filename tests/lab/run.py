#!/usr/bin/env python3
"""The laboratory: mail that leaves the host, to servers, names and networks that
are right and wrong. It runs in network, mount and process namespaces of its own
(root is needed), and leaves nothing behind.

usage: run.py --build DIR [--only routing,tls] [-k PATTERN] [--sender mailcore|postfix] [--long]

--sender postfix: the same tests with Debian's Postfix as the one that sends. It
shows of a test that fails whether it is the laboratory that is wrong.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
import packages  # noqa: E402
import world  # noqa: E402
from results import run_tests  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sender", choices=["mailcore", "postfix"], default="mailcore")
    parser.add_argument("-k", default="")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def skip_all(why):
    print(f"the laboratory is skipped: {why}\n0 passed, 0 failed, 1 skipped")


def load(only, pattern):
    names = [n for n in only.split(",") if n] or sorted(p.stem[5:] for p in HERE.glob("test_*.py"))
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [f"*{pattern}*"]
    return unittest.TestSuite(loader.loadTestsFromName(f"test_{n}") for n in names)


def classes(suite):
    """In the order in which they run."""
    found = []
    for test in suite:
        for cls in classes(test) if isinstance(test, unittest.TestSuite) else [type(test)]:
            if cls not in found:
                found.append(cls)
    return found


def inside(given):
    import lab
    import senders
    tests = load(given.only, given.k)
    try:
        laboratory = lab.Lab()
    except subprocess.CalledProcessError as error:
        skip_all(f"{error}: {error.stderr}")
        return True
    try:
        for cls in classes(tests):
            cls.declare(laboratory)
        lab.LabTest.lab = laboratory
        laboratory.start(senders.Mailcore if given.sender == "mailcore" else senders.Postfix, given.build)
        return run_tests(tests)
    finally:
        laboratory.close(keep=bool(os.environ.get("MAILCORE_KEEP")))


def main():
    given = arguments()
    os.environ["MAILCORE_BUILD"] = str(pathlib.Path(given.build).resolve())
    os.environ["MAILCORE_LONG"] = "1" if given.long else ""
    if given.inside:
        sys.exit(not inside(given))
    try:
        why = world.refusal() or packages.get_all()
    except packages.Missing as error:
        why = error
    if why:
        skip_all(why)
        return
    os.execvp("unshare", world.enter_command(__file__, *sys.argv[1:], "--inside"))


if __name__ == "__main__":
    main()
