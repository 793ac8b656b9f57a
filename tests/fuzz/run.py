#!/usr/bin/env python3
"""Runs every fuzz target for a while, as many at a time as there are processors: run.py BUILD SECONDS [TARGET ...].
It begins from tests/fuzz/corpus (keep.py writes it) and from what targets make by themselves. The corpus grows in
BUILD/corpus; what is found lies in BUILD/findings, to be run again with the target alone."""

import concurrent.futures
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
CASES = "/usr/lib/python3/dist-packages/onnx/backend/test/data"  # of ONNX itself, if installed
LARGEST = {
    "fuzz_broker": 8192,
    "fuzz_checkpoint": 8192,
    "fuzz_data": 16384,
    "fuzz_onnx": 8192,
    "fuzz_owner": 16384,
    "fuzz_part": 16384,
    "fuzz_pool": 32768,
    "fuzz_sealed": 8192,
    "fuzz_segment": 16384,
    "fuzz_trace": 65536,
    "fuzz_upload": 8192,
}
LIMITS = ["-rss_limit_mb=2048", "-malloc_limit_mb=512", "-timeout=20"]


def kept(corpus, name):
    """What is in the repository of a target's corpus."""
    archive = CORPUS / f"{name}.zip"
    if archive.exists():
        with zipfile.ZipFile(archive) as inputs:
            inputs.extractall(corpus)


def seed(corpus, name):
    kept(corpus, name)
    if name != "fuzz_onnx":
        return
    for model in glob.glob(f"{CASES}/**/model.onnx", recursive=True):
        if os.path.getsize(model) <= LARGEST[name]:
            shutil.copy(model, corpus / pathlib.Path(model).parent.name)


def run(build, name, seconds):
    """The last words of the target, and whether it found nothing."""
    corpus, findings = build / "corpus" / name, build / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    seed(corpus, name)
    # Logical errors and leaks count; containers are checked only as far as libstdc++ was built to.
    done = subprocess.run(
        [build / "tests/fuzz" / name, corpus, f"-max_total_time={seconds}", *LIMITS]
        + [f"-artifact_prefix={findings}/{name}-", f"-max_len={LARGEST.get(name, 4096)}", "-print_final_stats=1"],
        capture_output=True,
        text=True,
        errors="replace",
    )
    return done.returncode == 0, done.stderr


def main():
    build, seconds = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    targets = sys.argv[3:] or sorted(p.name for p in (build / "tests/fuzz").glob("fuzz_*") if p.is_file())
    assert targets, f"no targets in {build}: build 'fuzzers' first"
    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, (good, said) in zip(targets, pool.map(lambda t: run(build, t, seconds), targets)):
            runs = re.search(r"number_of_executed_units: (\d+)", said)
            covered = re.findall(r"cov: (\d+)", said)
            print(f"{name}: {runs[1] if runs else '?'} inputs, {covered[-1] if covered else '?'} edges", flush=True)
            if not good:
                failed = True
                print(said[-6000:], flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
