#!/usr/bin/env python3
"""Trains on the full files of which tests/data has slices, when they are at hand: check_full_data.py --data DIR.

DIR holds adult/adult.data (UCI Adult with a header line) and uci-credit/UCI_Credit_Card.csv (UCI default of
credit-card clients as CSV). Their SHA-256 is checked first, and that the slices are their first rows; then each
is shared and trained on for an epoch by all parties as processes of this machine, beside the same in the clear."""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = {
    "adult/adult.data": ("7b42f5b464e8cf82b4ae0c759defd1da7d5cc8a5a230015177acced3224f4a98", "adult.csv", 32561),
    "uci-credit/UCI_Credit_Card.csv": (
        "e3d893c1b4a9dc73220d01e18975ea04adb79fd8e0cebed1aea739e77797224e",
        "credit.csv",
        30000,
    ),
}


def check(file, digest, sample):
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        sys.exit(f"check_full_data: '{file}' has the SHA-256 {found}, and not {digest}: get it again")
    if not content.startswith(sample.read_bytes()):
        sys.exit(f"check_full_data: '{sample}' is not the beginning of '{file}'")


def train(tacit, file, rows):
    with tempfile.TemporaryDirectory(prefix="tacit-full-") as name:
        folder = pathlib.Path(name)
        table = folder / "table.csv"  # a name that says it is a table; what a file is, its content tells
        table.symlink_to(file.resolve())
        run = lambda *words: subprocess.run([tacit, "--json", *words], cwd=folder, check=True, stdout=subprocess.PIPE)
        run("--quiet", "new", "job", "--from", "table.csv")
        job = folder / "job.toml"
        job.write_text(re.sub(r"epochs = \d+", "epochs = 1", job.read_text()))
        report = json.loads(run("train", "job.toml", "--local", "--clear", "--data", "north=table.csv").stdout)
        told, job = report["accuracy"], report["job"]
        good = job["train_rows"] + job["test_rows"] == rows and abs(told["private"] - told["clear"]) <= 0.03
        print(f"{file.name}: {rows} rows, accuracy {told['private']:.4f}, in the clear {told['clear']:.4f}")
        return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--tacit", default=ROOT / "build/apps/tacit/tacit", help="the program")
    given = parser.parse_args()
    good = True
    for name, (digest, sample, rows) in FILES.items():
        file = given.data / name
        if not file.is_file():
            sys.exit(f"check_full_data: there is no '{file}': tests/data/README.md says where it comes from")
        check(file, digest, ROOT / "tests/data" / sample)
        good &= train(given.tacit, file, rows)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
