#!/usr/bin/env python3
"""What disks and death do to a store and to a queue.

Power cuts: records what is written while operations by chance change them,
builds the files as the disk could be left at many moments (unsynced writes
missing, torn, reordered; new names lost), opens them, and compares with what
was acknowledged. A last run drops every flush from the recording and must fail:
what the test looks for, it finds.

Faults: lets every system call of every operation fail, one at a time; each must
be told as a temporary failure and leave all as it was.

Kills: a process at work is killed, and what it leaves is compared with a twin.

usage: disk.py --build DIR [--long] [--seed N]
"""
import argparse
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# What is recorded: operations in a run, and the cuts in it. A short run is
# mostly the making of the files.
SHORT = [("store", 150, 35), ("store", 3, 15), ("queue", 60, 15), ("queue", 3, 10)]
LONG = [("store", 600, 1500), ("store", 3, 300), ("queue", 400, 500), ("queue", 3, 200)]
UNSYNCED_CUTS = 10


def record(programs, folder, subject, steps, seed):
    disk = folder / "disk"
    shutil.rmtree(disk, ignore_errors=True)
    disk.mkdir()
    trace = folder / "trace"
    subprocess.run([programs / "crash_workload", subject, disk, trace, str(steps), str(seed)], check=True)
    return trace


def cut(programs, folder, subject, trace, cuts, seed, *more):
    done = subprocess.run(
        [programs / "crash_images", subject, trace, folder / "cut", str(cuts), str(seed), *more],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout.strip()


def failed_of(output):
    last = output.splitlines()[-1] if output else ""
    return int(last.split(" cuts, ")[1].split()[0]) if " cuts, " in last else None


def torment(programs, folder, kind, subject, arguments):
    """Runs crash_faults or crash_kills; returns whether it failed."""
    command = [programs / f"crash_{kind}", subject, folder]
    if kind == "kills":
        command += [str(1000 if arguments.long else 40), str(arguments.seed)]
    else:
        command += [str(arguments.seed)] + ["all"] * arguments.long
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    bad = done.returncode != 0 or f" {kind}, " not in done.stdout
    print(f"{kind} in a {subject}, seed {arguments.seed}: {done.stdout.strip()}")
    if bad:
        print(done.stderr[-500:])
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    programs = pathlib.Path(arguments.build).resolve() / "tests"
    passed = failed = 0
    # Nothing here is about this machine's own disk: memory will do.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mailcore-crash-", dir=memory) as name:
        folder = pathlib.Path(name)
        for number, (subject, steps, cuts) in enumerate(LONG if arguments.long else SHORT):
            seed = arguments.seed + number
            trace = record(programs, folder, subject, steps, seed)
            code, output = cut(programs, folder, subject, trace, cuts, seed)
            bad = failed_of(output)
            bad = max(1, bad or 0) if code else 0
            print(f"{subject}, {steps} operations, seed {seed}:\n{output}" if bad else
                  f"{subject}, {steps} operations, seed {seed}: {output}")
            passed, failed = passed + cuts - min(bad, cuts), failed + bad
        seed = arguments.seed
        trace = record(programs, folder, "store", 100, seed)
        code, output = cut(programs, folder, "store", trace, UNSYNCED_CUTS, seed, "unsynced")
        if code == 0:
            print("without any flush nothing was lost: the test sees nothing")
            failed += 1
        else:
            print(f"store without flushes, seed {seed}: {failed_of(output)} of {UNSYNCED_CUTS} cuts show it")
            passed += 1
        for kind, subject in itertools.product(("faults", "kills"), ("store", "queue")):
            scratch = folder / f"{kind}-{subject}"
            scratch.mkdir()
            bad = torment(programs, scratch, kind, subject, arguments)
            passed, failed = passed + (not bad), failed + bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(bool(failed))


main()
