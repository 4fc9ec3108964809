#!/usr/bin/env python3
"""Self-contained daemons (-DMAILCORE_STATIC=ON) are linked from the library and
an engine: no name may be in both.

usage: symbols.py LIBRARY ENGINE ...
"""
import subprocess
import sys


def defined(path):
    options = ["--dynamic"] if ".so" in path else []
    lines = subprocess.run(["nm", "--defined-only", "--extern-only", *options, path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    found = {line.split()[2] for line in lines if len(line.split()) == 3}
    return {name for name in found if not name.startswith("_")}


def main():
    library, *engines = sys.argv[1:]
    ours = defined(library)
    twice = [f"{name}: in {library} and {engine}" for engine in engines for name in sorted(ours & defined(engine))]
    print("\n".join(twice) or f"symbols: {len(ours)} of the library, none twice")
    return 1 if twice or not ours else 0


if __name__ == "__main__":
    sys.exit(main())
