#!/usr/bin/env python3
"""Runs the tests of this folder, each in a process of its own, several at a time, since most of the time they wait;
and prints the table that test_cells.py makes. FAULT_ENDPOINT and TACIT name the programs."""

import concurrent.futures
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
AT_A_TIME = 4


def tests_in(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_in(part)
        else:
            yield part.id()


def list_tests():
    """In a process of its own: a test may change what it runs in."""
    code = "import run, unittest; print(*run.tests_in(unittest.defaultTestLoader.discover('.')), sep='\\n')"
    listed = subprocess.run([sys.executable, "-c", code], cwd=HERE, check=True, capture_output=True, text=True)
    # The longest are in test_matrix: they begin first.
    return sorted(listed.stdout.split(), key=lambda name: (not name.startswith("test_matrix"), name))


def run_one(name):
    done = subprocess.run([sys.executable, "-m", "unittest", name], cwd=HERE, capture_output=True, text=True)
    return name, done.returncode, done.stderr


def main():
    tests = list_tests()
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = sorted(pool.map(run_one, tests))
    table = []
    for name, code, said in results:
        lines = said.splitlines()
        table += [line for line in lines if line.startswith("|")]
        if code != 0:
            print(f"{name}\n{said}", file=sys.stderr)
        else:
            for line in lines:
                if ": by " in line or "skipped" in line:
                    print(line, file=sys.stderr)
    print(*table, sep="\n", file=sys.stderr)
    failed = [name for name, code, _ in results if code != 0]
    print(f"{len(tests)} tests, {len(failed)} failed", *failed, sep="\n  ", file=sys.stderr)
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
