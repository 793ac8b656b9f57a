"""Runs the end-to-end tests, as many files at a time as there are processors: most of a file's time is spent waiting
for processes and deadlines. The longest begin first. Prints what the files that failed said; exit code 1 if one did."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# Files that take minutes; the others follow, the largest first.
LONGEST = ["test_faults.py", "test_split_faults.py", "test_three_ways.py", "test_resume.py", "test_broker.py"]


def run(file):
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "unittest", "discover", "-s", HERE, "-p", file.name],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return file, done.returncode, done.stdout, time.monotonic() - began


def order(file):
    return (LONGEST.index(file.name) if file.name in LONGEST else len(LONGEST), -file.stat().st_size)


def main():
    files = sorted(HERE.glob("test_*.py"), key=order)
    tests = skipped = 0
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, file) for file in files]):
            file, code, said, seconds = done.result()
            ran = re.search(r"^Ran (\d+) tests?", said, re.MULTILINE)
            count = int(ran[1]) if ran else 0
            tests += count
            passed_over = re.search(r"skipped=(\d+)", said)
            skipped += int(passed_over[1]) if passed_over else 0
            good = code == 0 and count > 0
            print(f"{file.name}: {count} tests, {'all pass' if good else 'FAILED'} ({seconds:.0f} s)", flush=True)
            if not good:
                failed.append(file.name)
                print(said, flush=True)
    print(f"{tests} end-to-end tests in {len(files)} files, {skipped} skipped")
    if failed:
        sys.exit("failed: " + ", ".join(sorted(failed)))


if __name__ == "__main__":
    main()
