"""Files that must not compile: each must compile without MUST_FAIL, fail with it, and fail for the reason that its
'// expect:' line names. Usage: run_negative.py COMPILER INCLUDE_DIR.."""

import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def compile_file(file, extra):
    command = [sys.argv[1], "-std=c++20", "-fsyntax-only", *(f"-I{d}" for d in sys.argv[2:]), *extra, str(file)]
    return subprocess.run(command, capture_output=True, text=True)


def verdict(file):
    reason = re.search(r"^// expect: (.*)$", file.read_text(), re.MULTILINE).group(1)
    control = compile_file(file, [])
    if control.returncode != 0:
        return f"{file.name} does not compile even without its mistake:\n{control.stderr}"
    mistake = compile_file(file, ["-DMUST_FAIL"])
    if mistake.returncode == 0:
        return f"{file.name} compiles, and must not"
    if not any(re.search(reason, line) for line in mistake.stderr.splitlines() if "error:" in line):
        return f"{file.name} fails for another reason than /{reason}/:\n{mistake.stderr}"
    return None


def main():
    files = sorted((pathlib.Path(__file__).parent / "negative").glob("*.cc"))
    with ThreadPoolExecutor() as pool:
        failures = [v for v in pool.map(verdict, files) if v]
    print("\n".join(failures) or f"{len(files)} files fail to compile for their reasons")
    return 1 if failures or not files else 0


sys.exit(main())
