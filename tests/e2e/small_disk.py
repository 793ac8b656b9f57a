"""Runs a program with its folder on a disk of its own: small_disk.py FOLDER BYTES|read-only WORD ... The disk is a file
system in memory within a private name space of mounts; where a process may not have one, a limit of files' sizes
(RLIMIT_FSIZE), or a folder in which nobody can write. What lies in FOLDER/seed is copied onto it before, and what
lies there afterwards is told on standard output, as JSON, with the program's exit code and standard error."""

import functools
import hashlib
import json
import pathlib
import resource
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import disk

ROOM = 64 << 10  # for the seed, and for folders


def main():
    folder, kind, *words = sys.argv[1:]
    folder, read_only = pathlib.Path(folder), kind == "read-only"
    own_space, prepare, at = disk.enter_own_space(), None, folder / "disk"
    seed = folder / "seed"
    held = sum(-(-p.stat().st_size // 4096) * 4096 for p in seed.rglob("*") if p.is_file())
    size = 0 if read_only else int(kind)
    made = disk.Disk(at, own_space, str(held + ROOM if read_only else held + size))
    if own_space or not read_only:
        shutil.copytree(seed, at, dirs_exist_ok=True)
    if read_only and own_space:
        made.allow_only_reading()
    elif read_only:
        at = pathlib.Path("/proc")
    elif not own_space:
        prepare = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))
    words = [w.replace("DISK", str(at)) for w in words]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, preexec_fn=prepare)
    files = {} if at == pathlib.Path("/proc") else {
        str(p.relative_to(at)): hashlib.sha256(p.read_bytes()).hexdigest() for p in at.rglob("*") if p.is_file()
    }
    print(json.dumps({"code": done.returncode, "err": done.stderr, "files": files}))
    made.close()
    shutil.rmtree(folder / "disk")


main()
