"""What the benchmarks measure with, and how they show it."""
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")


def machine_cpu():
    fields = [int(f) for f in open("/proc/stat").readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def disk(folder):
    """(KiB written, flushes) of the device below folder so far."""
    device = os.stat(folder).st_dev
    want = (os.major(device), os.minor(device))
    for line in open("/proc/diskstats"):
        f = line.split()
        if (int(f[0]), int(f[1])) == want:
            return int(f[9]) / 2, int(f[18]) if len(f) > 18 else 0
    return 0, 0


def cpu_of(server):
    """CPU seconds of each process of the server."""
    used = {}
    for pid in set(server.pids()):
        try:
            used[pid] = int(open(f"/proc/{pid}/schedstat").read().split()[0]) / 1e9
        except OSError:
            pass
    return used


def cpu_since(server, before):
    return sum(used - before.get(pid, 0) for pid, used in cpu_of(server).items())


def memory(server, what):
    """KiB of all processes of the server; what: "Pss", "Pss_Anon"."""
    total = 0
    for pid in set(server.pids()):
        try:
            for line in open(f"/proc/{pid}/smaps_rollup"):
                if line.startswith(what + ":"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


def median_of(rows):
    return {key: statistics.median(r[key] for r in rows) for key in rows[0]}


def show(title, results):
    """results: of "mailcore", and of one peer."""
    ours = results.get("mailcore")
    theirs = next((r for name, r in results.items() if name != "mailcore"), None)
    print(f"\n{title}")
    print(f"    {'':22}{'mailcore':>14}{'peers':>14}{'ratio':>9}")
    for key in (ours or theirs):
        a, b = (ours or {}).get(key), (theirs or {}).get(key)
        ratio = f"{a / b:9.2f}" if a and b else ""
        print(f"    {key:22}{a if a is not None else float('nan'):14.4g}{b if b is not None else float('nan'):14.4g}{ratio}")
    sys.stdout.flush()


def build_load(folder):
    """The path of smtpload."""
    load = pathlib.Path(folder) / "smtpload"
    subprocess.run(["cc", "-O2", "-o", load, HERE / "smtpload.c"], check=True)
    return str(load)


def result_of(load):
    """What smtpload printed."""
    return json.loads(load.stdout)
