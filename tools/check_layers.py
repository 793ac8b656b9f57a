#!/usr/bin/env python3
"""Checks that every #include goes up the list of layers: a folder may include only folders above it."""

import pathlib
import re
import sys

# In dependency order: each folder may include itself and what its line names.
LAYERS = {
    "base": [],
    "crypto": ["base"],
    "tpm": ["base", "crypto"],
    "ring": ["base", "crypto"],
    "he": ["base", "crypto", "ring"],
    "data": ["base", "crypto", "ring"],
    "net": ["base", "crypto"],
    "party": ["base", "crypto", "ring", "net"],
    "ot": ["base", "crypto", "net", "party"],
    "gc": ["base", "crypto", "net", "party", "ot"],
    "mpc": ["base", "crypto", "ring", "net", "party"],
    "secret": ["base", "ring", "net", "mpc", "party"],
    "fn": ["base", "ring", "net", "mpc", "secret"],
    "nn": ["base", "crypto", "ring", "net", "mpc", "secret", "fn"],
    "runtime": ["base", "ring", "nn"],
    "split": ["base", "crypto", "ring", "net", "party", "ot", "gc", "he", "nn"],
    "sealed": ["base", "crypto", "tpm", "ring", "mpc", "secret", "fn", "nn", "runtime"],
    "broker": ["base", "crypto", "tpm", "ring", "mpc", "secret", "fn", "nn", "runtime", "sealed"],
    "trace": ["base", "crypto", "ring", "data", "mpc", "secret", "fn", "nn", "runtime", "sealed"],
    "job": ["base", "crypto", "ring", "data", "net", "party", "mpc", "secret", "fn", "nn"],
    "audit": ["base", "crypto", "ring", "mpc", "secret", "fn", "nn", "trace", "job"],
    "serve": ["base", "crypto", "tpm", "ring", "net", "party", "ot", "nn", "split", "sealed", "job"],
}
# Narrower than folders: what must not be reached even from a folder that may include its neighbours.
PRIVATE = {
    "tacit/fn/access.h": ["fn"],
    "tacit/ring/lowering.h": ["ring"],
    "tacit/runtime/makers.h": ["runtime"],
    "tacit/sealed/keys_of_a_file.h": ["sealed"],
    "tacit/tpm/esys.h": ["tpm"],
    "tacit/trace/match_rows.h": ["trace"],
}


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent / "src" / "tacit"
    faults = []
    files = [p for p in root.rglob("*") if p.suffix in (".h", ".cc")]
    for file in files:
        folder = file.relative_to(root).parts[0]
        if folder not in LAYERS:
            faults.append(f"{file}: the folder {folder} has no line in tools/check_layers.py")
            continue
        test = file.name.endswith("_test.cc") or "testing" in file.parts
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"(tacit/([a-z_]+)/[^"]+)"', line)
            if not match:
                continue
            path, other = match.groups()
            if other != folder and other not in LAYERS[folder] and not (test and other in LAYERS):
                faults.append(f"{file.relative_to(root.parent.parent)}:{number}: {folder}/ may not include {other}/")
            if path in PRIVATE and folder not in PRIVATE[path] and not test:
                faults.append(f"{file.relative_to(root.parent.parent)}:{number}: {path} is internal to {PRIVATE[path][0]}/")
            if "/testing/" in path and not test:
                faults.append(f"{file.relative_to(root.parent.parent)}:{number}: only tests include testing/")
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{len(files)} files, every include goes up")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
