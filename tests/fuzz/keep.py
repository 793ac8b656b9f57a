#!/usr/bin/env python3
"""Makes the corpus of tests/fuzz/corpus anew: keep.py BUILD SECONDS [TARGET ...]. Each target runs for a while, from what
it makes by itself and what was kept before, without other projects' files; what it found is cut down to few inputs that
reach as much, and written as an archive, from which run.py begins."""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from run import CORPUS, LIMITS, kept

LARGEST_INPUT, MOST_BYTES = 8192, 64 << 10  # of one, and of a target's


def keep(build, name, seconds):
    program = build / "tests/fuzz" / name
    with tempfile.TemporaryDirectory() as all_of_it, tempfile.TemporaryDirectory() as few:
        kept(pathlib.Path(all_of_it), name)
        for words in ([f"-max_total_time={seconds}", all_of_it], ["-set_cover_merge=1", few, all_of_it]):
            subprocess.run([program, *LIMITS, f"-max_len={LARGEST_INPUT}", *words], check=True, capture_output=True)
        inputs = sorted(pathlib.Path(few).iterdir(), key=lambda file: (file.stat().st_size, file.name))
        archive, total = CORPUS / f"{name}.zip", 0
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for file in inputs:
                total += file.stat().st_size
                if total > MOST_BYTES:
                    break
                out.writestr(zipfile.ZipInfo(file.name), file.read_bytes(), zipfile.ZIP_DEFLATED)
            return f"{name}: {len(out.namelist())} of {len(inputs)} inputs"


def main():
    build, seconds = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    CORPUS.mkdir(exist_ok=True)
    targets = sys.argv[3:] or sorted(p.name for p in (build / "tests/fuzz").glob("fuzz_*") if p.is_file())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for said in pool.map(lambda name: keep(build, name, seconds), targets):
            print(said, flush=True)


main()
