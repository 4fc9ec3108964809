#!/usr/bin/env python3
"""Runs the system tests: tests/system/test_*.py with unittest, one line a test.

usage: run.py --build DIR [--only clients,badinput] [--long] [-k PATTERN]
"""
import argparse
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from results import run_tests  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("-k", default="")
    arguments = parser.parse_args()
    os.environ["MAILCORE_BUILD"] = str(pathlib.Path(arguments.build).resolve())
    os.environ["MAILCORE_LONG"] = "1" if arguments.long else ""
    names = [n for n in arguments.only.split(",") if n] or \
        sorted(p.stem[5:] for p in HERE.glob("test_*.py"))
    loader = unittest.TestLoader()
    if arguments.k:
        loader.testNamePatterns = [f"*{arguments.k}*"]
    tests = unittest.TestSuite(loader.loadTestsFromName(f"test_{n}") for n in names)
    sys.exit(not run_tests(tests))


main()
