"""The script ./tacit, in a folder of its own with a PATH of its own: nothing is installed or built. The package
manager, sudo and the build tools are stand-ins that write down how they were called."""

import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import unittest

from harness import DONE, IO, ROOT, USAGE

REAL = "bash cat dirname env grep mkdir readlink sed tail tee".split()

STANDINS = {
    "id": 'echo "$STANDIN_UID"',
    # What is installed: all but what the file `missing` names.
    "dpkg-query": 'for p in "${@:3}"; do grep -qx "$p" "$HERE/missing" || echo "installed $p"; done',
    "apt-get": 'echo "apt-get $* ($DEBIAN_FRONTEND)" >>"$HERE/calls"',
    # As the real one: no variable of the caller's is passed on.
    "sudo": 'echo "sudo $*" >>"$HERE/calls"; exec env -i PATH="$PATH" HERE="$HERE" "$@"',
    "c++": "exit 0",
    "cmake": 'echo cmake >>"$HERE/calls"; while [ "$1" != -B ]; do shift; done; : >"$2/build.ninja"',
    # As the real one: it looks at its globs every time. What there is to do is in the file `work`.
    "ninja": 'echo ninja >>"$HERE/calls"; echo "ninja: Entering directory"; '
    'echo "[0/2] Re-checking globbed directories..."; cat "$HERE/work"; [ ! -s "$HERE/broken" ]',
}
PROGRAM = 'echo "in $PWD"; for a in "$@"; do echo "<$a>"; done'
COMMANDS = "update", "install -y --no-install-recommends cmake libfmt-dev"


class Script(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tacit script "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.bin, self.home = self.folder / "bin", self.folder / "a copy of tacit"
        self.bin.mkdir()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        for name, body in STANDINS.items():
            self.program(self.bin / name, body)
        self.program(self.home / "build/apps/tacit/tacit", PROGRAM)
        shutil.copy(ROOT / "tacit", self.home)
        for name in ("missing", "calls", "work", "broken"):
            (self.folder / name).touch()

    def program(self, path, body):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def without(self, *names):
        for name in names:
            (self.bin / name).unlink()

    def missing(self, *names):
        (self.folder / "missing").write_text("".join(f"{n}\n" for n in names or ("cmake", "libfmt-dev")))

    def run_script(self, *arguments, uid=0, answer=None, code=DONE, script=None, cwd=None, **more):
        """Runs it to its end; `answer` is typed on a terminal, without one there is none."""
        keyboard, typed = subprocess.DEVNULL, None
        if answer is not None:
            typed, keyboard = pty.openpty()
            os.write(typed, answer)
        done = subprocess.run(
            [script or self.home / "tacit", *arguments],
            cwd=cwd or self.folder,
            env={"PATH": str(self.bin), "HERE": str(self.folder), "STANDIN_UID": str(uid)},
            stdin=keyboard,
            capture_output=True,
            text=True,
            timeout=60,
            **more,
        )
        if answer is not None:
            os.close(typed)
            os.close(keyboard)
        self.assertEqual(done.returncode, code, done.stderr)
        self.told = done.stderr
        return done.stdout.splitlines()

    def calls(self):
        return [c for c in (self.folder / "calls").read_text().splitlines() if c not in ("cmake", "ninja")]

    def assert_installed(self, prefix=None):
        expected = []
        for words in COMMANDS:
            if prefix:
                expected.append(f"sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq {words}")
            expected.append(f"apt-get -qq {words} (noninteractive)")
        self.assertEqual(self.calls(), expected)

    def assert_nothing_installed(self):
        self.assertEqual(self.calls(), [])

    # ---- installing

    def test_nothing_is_missing(self):
        self.without("sudo", "apt-get")
        for uid in (0, 1000):
            self.assertEqual(self.run_script("demo", uid=uid)[1:], ["<demo>"])
        self.assert_nothing_installed()

    def test_root_installs(self):
        self.missing()
        self.assertEqual(self.run_script("demo")[1:], ["<demo>"])
        self.assert_installed()

    def test_sudo_asks(self):
        for answer in (b"y\n", b"Yes\n"):
            self.missing()
            (self.folder / "calls").write_text("")
            self.run_script("demo", uid=1000, answer=answer)
            self.assertIn("tacit needs these Debian packages: cmake libfmt-dev", self.told)
            self.assert_installed("sudo")

    def test_any_other_answer_is_a_no(self):
        self.missing()
        for answer in (b"\n", b"n\n", b"maybe\n", b"yikes\n", b"\x04"):
            self.assertEqual(self.run_script("demo", uid=1000, answer=answer, code=USAGE), [])
            self.assertIn("tacit: nothing was installed", self.told)
        self.assert_nothing_installed()

    def test_yes_skips_the_question(self):
        self.missing()
        self.assertEqual(self.run_script("demo", "--yes", "--quick", uid=1000)[1:], ["<demo>", "<--quick>"])
        self.assert_installed("sudo")

    def test_without_sudo_or_a_terminal_the_command_is_printed(self):
        self.missing()
        command = "  apt-get update && apt-get install -y cmake libfmt-dev"
        self.run_script("demo", uid=1000, code=USAGE)  # nobody to ask
        self.assertEqual(self.told.splitlines()[1:], [command])
        self.without("sudo")
        for more in ({"answer": b"y\n"}, {}):
            self.run_script("demo", "--yes", uid=1000, code=USAGE, **more)
            self.assertEqual(self.told.splitlines()[1:], [command])
        self.assert_nothing_installed()

    def test_a_package_manager_that_fails(self):
        self.missing()
        for step, words in (("update", "list of packages"), ("install", "install the packages")):
            self.program(self.bin / "apt-get", f'case "$*" in *{step}*) exit 100 ;; esac')
            self.assertEqual(self.run_script("demo", code=IO), [])
            self.assertIn("tacit: apt-get could not", self.told)
            self.assertIn(words, self.told)

    def test_a_machine_that_is_no_debian(self):
        self.without("apt-get", "dpkg-query")
        self.run_script("demo", code=USAGE)
        self.assertIn("there is no apt-get here: g++ cmake", self.told)

    # ---- building

    def test_building_is_told_when_there_is_something_to_build(self):
        self.run_script("demo")
        self.run_script("demo")
        self.assertEqual(self.told, "")
        (self.folder / "work").write_text("[1/2] Building CXX object a.o\n[2/2] Linking CXX executable tacit\n")
        self.run_script("demo")
        self.assertEqual(self.told, "building (the first time takes some minutes) ...\n")

    def test_a_build_that_fails(self):
        (self.folder / "work").write_text("[1/2] Building CXX object a.o\na.cc:1: error: no such thing\n")
        (self.folder / "broken").write_text("yes")
        self.run_script("demo", code=1)
        self.assertIn("a.cc:1: error: no such thing", self.told)
        self.assertIn("tacit: the build failed; ", self.told)

    def test_a_missing_compiler(self):
        shutil.rmtree(self.home / "build")
        self.without("c++")
        self.run_script("demo", code=USAGE)
        self.assertIn("tacit: there is no C++ compiler 'c++': install g++", self.told)

    def test_a_folder_that_cannot_be_written(self):
        """As a user to whom it does not belong; once it is built there, that user may run it."""
        nobody = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        built = self.home / "build"
        kept = self.folder / "kept"
        built.rename(kept)
        for f in (self.folder, self.home):
            f.chmod(0o555)
            self.addCleanup(f.chmod, 0o755)
        self.run_script("demo", uid=1000, code=IO, **nobody)
        self.assertIn(f"tacit: cannot write to '{built}'", self.told)
        self.assertEqual(len(self.told.splitlines()), 1)
        for f in (self.folder, self.home):
            f.chmod(0o755)
        kept.rename(built)
        (built / "build.ninja").touch()
        built.chmod(0o555)
        self.addCleanup(built.chmod, 0o755)
        self.assertEqual(self.run_script("demo", uid=1000, **nobody)[1:], ["<demo>"])

    # ---- being called

    def test_from_anywhere(self):
        """Its folder's name has spaces already; the program runs where the caller is."""
        elsewhere, link = self.folder / "else where", self.folder / "links" / "tacit"
        elsewhere.mkdir()
        link.parent.mkdir()
        link.symlink_to(os.path.relpath(self.home / "tacit", link.parent))
        chain = elsewhere / "another name"
        chain.symlink_to(link)
        for script in (self.home / "tacit", link, chain, os.path.relpath(self.home / "tacit", elsewhere)):
            self.assertEqual(
                self.run_script("train", "my job.toml", "", script=script, cwd=elsewhere),
                [f"in {elsewhere}", "<train>", "<my job.toml>", "<>"],
            )


if __name__ == "__main__":
    unittest.main()
