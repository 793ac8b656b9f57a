"""Models of level 2: a broker under a user of its own opens them for programs of another, which get answers and nothing
else. These tests are of several users, so that only root can run them; root then also looks into everybody's memory."""

import base64
import ctypes
import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import sys
import unittest

from harness import DONE, IO, ROOT, TACIT, USAGE, TacitTest
from onnx_writer import Model
from splitting import MODEL, digits
from test_seal import oracle

import numpy

CHEATED = 5
BROKER, CLIENT, OTHER = 54321, 54322, 54323  # users that need no names
ASK = ROOT / "examples/ask_a_broker"
BUILD = pathlib.Path(TACIT).resolve().parents[2]
LIBRARY = "libtacit_runtime.so.1"
RARE = struct.unpack("<f", struct.pack("<f", 1.2345678))[0]

CAN_RAISE = True
if os.geteuid() == 0:
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError:  # a container whose root may not raise limits
        CAN_RAISE = False

CAP_IPC_LOCK = 14


def keep_right_to_lock():
    """Before the user changes; then give_right_to_lock(): as systemd's AmbientCapabilities does."""
    ctypes.CDLL(None).prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS


def give_right_to_lock():
    head = struct.pack("<Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    right = 1 << CAP_IPC_LOCK
    sets = struct.pack("<6I", right, right, right, 0, 0, 0)  # effective, permitted, inheritable
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(head, sets) != 0 or libc.prctl(47, 2, CAP_IPC_LOCK, 0, 0) != 0:  # PR_CAP_AMBIENT_RAISE
        raise OSError(ctypes.get_errno(), "this machine's root may not let others lock memory")


def as_user(user, locked=None):
    """Run in a child before the program begins."""

    def prepare():
        if locked is not None:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (locked, locked))
        by_right = user == BROKER and locked is None and not CAN_RAISE
        if by_right:
            keep_right_to_lock()
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        if by_right:
            give_right_to_lock()

    return prepare


def regions(process):
    """Where a process could write, and so keep secrets."""
    for line in pathlib.Path(f"/proc/{process}/maps").read_text().splitlines():
        place, rights = line.split()[:2]
        if rights.startswith("rw"):
            begin, end = (int(n, 16) for n in place.split("-"))
            yield begin, end


def places(process, *patterns):
    """How often each pattern stands in a process's memory."""
    found = [0] * len(patterns)
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for begin, end in regions(process):
            memory.seek(begin)
            content = b""
            while begin + len(content) < end:
                more = memory.read(end - begin - len(content))
                if not more:
                    break
                content += more
            for i, pattern in enumerate(patterns):
                found[i] += content.count(pattern)
    return found


def rows_of(value, count=64):
    return struct.pack("<f", value) * count, struct.pack("<d", value) * count


@unittest.skipUnless(os.geteuid() == 0, "only root can be several users")
class BrokerTest(TacitTest):
    """A vendor in v/ and a broker's device in b/d, of a user of its own; programs that all can run lie in bin/."""

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for file in (TACIT, BUILD / "apps/tacit/tacit-broker", BUILD / "lib" / LIBRARY):
            shutil.copy(file, self.bin)
        for file in (ROOT / "bindings/python/tacit_runtime.py", ROOT / "examples/ask_a_broker/ask.py"):
            shutil.copy(file, self.bin)
        for file in self.bin.iterdir():
            file.chmod(0o755)
        self.tacit = str(self.bin / pathlib.Path(TACIT).name)
        for name, mode in (("b", 0o700), ("run", 0o755), ("out", 0o777)):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(mode)
            if name != "out":
                os.chown(self.folder / name, BROKER, BROKER)
        self.run_tacit("vendor", "init", "--keys", "v", "--name", "ACME")
        shutil.copy(self.folder / "v/vendor.pub", self.folder / "vendor.pub")
        (self.folder / "vendor.pub").chmod(0o644)
        self.run_as(BROKER, "device", "init", "--keys", "b/d", "--name", "the broker's device")
        self.run_as(BROKER, "device", "trust", "vendor.pub", "--keys", "b/d")

    def start_as(self, user, *words, locked=None, program=None, name=None):
        return self.start(*words, prepare=as_user(user, locked), program=program or self.tacit, name=name)

    def run_as(self, user, *words, code=DONE, **options):
        process = self.start_as(user, *words, **options)
        self.assertEqual(process.wait(), code, self.stories())
        return process

    def seal(self, *options, model=MODEL, out="m.tacit"):
        words = ("seal", model, "--to", "b/d/device.pub", "--expires", "2999-01-01", "--keys", "v", "-o", out, *options)
        process = self.run_tacit(*words)
        (self.folder / out).chmod(0o644)
        return process

    def seal_planted(self):
        """One layer, each weight of which is a rare constant."""
        model = Model()
        x = model.input("x", ["N", 64])
        model.node("MatMul", [x, model.weight("w", numpy.full((64, 64), RARE))], "y")
        model.output("y", ["N", 64])
        self.write("planted.onnx", "").write_bytes(model.bytes())
        self.seal("--level", "2", model="planted.onnx", out="planted.tacit")

    def serve(self, *options, allow=(CLIENT,), user=BROKER, **more):
        allowed = [word for u in allow for word in ("--allow", str(u))]
        words = ("broker", "--keys", "b/d", "--socket", "run/socket", *allowed, *options)
        return self.start_as(user, *words, name="the broker", **more)

    def ready(self, *options, **more):
        broker = self.serve(*options, **more)
        self.assertTrue(broker.wait_for("tacit-broker: ready at run/socket"), self.stories())
        return broker

    def ask(self, x=None, file="m.tacit", user=CLIENT, code=DONE):
        numpy.save(self.folder / "input.npy", digits(3) if x is None else x)
        (self.folder / "input.npy").chmod(0o644)
        words = ("--json", "run", file, "input.npy", "--broker", "run/socket", "-o", "out/out.npy")
        process = self.run_as(user, *words, code=code)
        return process if code != DONE else (json.loads(process.out), numpy.load(self.folder / "out/out.npy"))

    def refuse(self, *parts, code=USAGE, **options):
        process = self.ask(code=code, **options)
        self.assert_one_sentence(process, *parts)
        self.assertEqual(process.out, "")


class Guarded(BrokerTest):
    def test_answers_are_the_models(self):
        self.assertIn("Level 2, guarded: no key or weight touches disk", self.seal("--level", "2").out)
        broker = self.ready()
        told, got = self.ask(digits(300))
        want = oracle(str(MODEL), digits(300))
        self.assertEqual(got.shape, want.shape)
        self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())
        self.assertEqual((told["level"], told["vendor"]), (2, "ACME"))
        # Its client could not have read the keys.
        process = self.run_as(CLIENT, "run", "m.tacit", "input.npy", "--keys", "b/d", code=USAGE)
        self.assertEqual(process.out, "")
        broker.send(15)
        self.assertEqual(broker.wait(), DONE, self.stories())
        self.assertFalse((self.folder / "run/socket").exists())
        self.refuse("no broker answers at 'run/socket'", code=IO)

    def test_no_level_is_lowered_in_silence(self):
        self.seal("--level", "2")
        self.seal(out="one.tacit")
        numpy.save(self.folder / "input.npy", digits(1))
        (self.folder / "input.npy").chmod(0o644)
        process = self.run_as(BROKER, "run", "m.tacit", "input.npy", "--keys", "b/d", code=USAGE)
        self.assert_one_sentence(process, "sealed at level 2", "would be level 1", "tacit run --broker")
        self.ready()
        self.refuse("'digits'", "sealed at level 1", "opens level 2 (guarded) alone", file="one.tacit")

    def test_whom_it_serves(self):
        self.seal("--level", "2")
        self.ready(allow=(CLIENT, OTHER))
        for user in (CLIENT, OTHER):
            self.ask(user=user)
            (self.folder / "out/out.npy").unlink()
        self.refuse("does not serve your user", "--allow", user=OTHER + 1)
        self.refuse("runs as your own user", "level 1", user=BROKER)

    def test_what_a_broker_needs(self):
        self.assert_one_sentence_of_the_broker(
            self.run_broker(user=0, code=USAGE), "never as root", "useradd --system"
        )
        self.assert_one_sentence_of_the_broker(
            self.run_broker(locked=1 << 20, code=IO), "cannot be locked", "ulimit -l unlimited", "LimitMEMLOCK=infinity"
        )
        self.assert_one_sentence_of_the_broker(self.run_broker(allow=(BROKER,), code=USAGE), "different users")
        self.assert_one_sentence_of_the_broker(
            self.run_broker(allow=("nobody-at-all",), code=USAGE), "nobody-at-all", "does not know"
        )
        (self.folder / "run").chmod(0o777)
        self.assert_one_sentence_of_the_broker(self.run_broker(code=USAGE), "chmod 755")
        (self.folder / "run").chmod(0o755)
        self.ready()
        self.assert_one_sentence_of_the_broker(self.run_broker(code=USAGE), "a broker answers at", "already")

    def run_broker(self, code, **options):
        broker = self.serve(**options)
        self.assertEqual(broker.wait(), code, self.stories())
        return broker

    def assert_one_sentence_of_the_broker(self, process, *parts):
        lines = process.err.splitlines()
        self.assertEqual(len(lines), 1, self.stories())
        self.assertTrue(lines[0].startswith("tacit-broker: "), self.stories())
        for part in parts:
            self.assertIn(part, lines[0])

    def test_damaged_files_and_other_devices(self):
        self.seal("--level", "2")
        self.ready()
        bad = bytearray((self.folder / "m.tacit").read_bytes())
        bad[-1] ^= 1
        self.write("bad.tacit", "").write_bytes(bad)
        self.refuse("bad.tacit", "is not what its vendor made", code=CHEATED, file="bad.tacit")
        self.write("none.tacit", "no model")
        self.refuse("none.tacit", "is no sealed model", file="none.tacit")
        self.refuse("there is no file 'missing.tacit'", file="missing.tacit")
        self.run_tacit("device", "init", "--keys", "e")
        words = ("seal", MODEL, "--to", "e/device.pub", "--expires", "never", "--keys", "v", "--level", "2")
        self.run_tacit(*words, "-o", "e.tacit")
        (self.folder / "e.tacit").chmod(0o644)
        self.refuse("is not sealed to the device", file="e.tacit")
        self.ask()

    def test_many_clients_at_once(self):
        self.seal("--level", "2")
        self.ready(allow=(CLIENT, OTHER))
        numpy.save(self.folder / "input.npy", digits(2))
        (self.folder / "input.npy").chmod(0o644)
        words = ("run", "m.tacit", "input.npy", "--broker", "run/socket")
        for p in [self.start_as(u, *words) for u in (CLIENT, OTHER) for _ in range(4)]:
            self.assertEqual(p.wait(), DONE, self.stories())
            self.assertEqual(len(p.out.splitlines()), 2)


class Memory(BrokerTest):
    def stay(self):
        """A client that has asked and keeps the model open."""
        os.mkfifo(self.folder / "go")
        (self.folder / "go").chmod(0o666)
        self.write(
            "stay.py",
            "import array, sys, tacit_runtime\n"
            "kept = array.array('d', [1.625] * 64)\n"
            f"broker = tacit_runtime.Broker('run/socket', '{self.bin / LIBRARY}')\n"
            "model = broker.open('planted.tacit')\n"
            "question = [list(kept)]\n"
            "answer = model.run(question)\n"
            "print('asked', len(answer[0]), file=sys.stderr, flush=True)\n"
            "open('go').read()\n"
            "print(model.run(question) == answer)\n"
            "broker.close()\n",
        ).chmod(0o644)
        client = self.start_as(
            CLIENT, "-c", f"import sys; sys.path.insert(0, {str(self.bin)!r}); exec(open('stay.py').read())",
            program="/usr/bin/python3", name="a client",
        )
        self.assertTrue(client.wait_for("asked 64"), self.stories())
        return client

    def test_no_weight_and_no_key_is_where_it_may_not_be(self):
        self.seal_planted()
        broker = self.ready()
        client = self.stay()
        pem = (self.folder / "b/d/device.key").read_text()
        key = base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:]
        question = struct.pack("<d", 1.625) * 64
        in_client = places(client.number, *rows_of(RARE), key, question)
        self.assertEqual(in_client[:3], [0, 0, 0])
        self.assertGreater(in_client[3], 0, "the look finds nothing at all")
        in_broker = places(broker.number, *rows_of(RARE), key)
        self.assertEqual(in_broker[:2], [0, 0], "the model is open, and nobody asks")
        self.assertGreater(in_broker[2], 0, "the look finds nothing at all")
        (self.folder / "go").write_text("on")
        self.assertEqual(client.wait(), DONE, self.stories())
        self.assertEqual(client.out, "True\n")
        self.assertEqual(places(broker.number, *rows_of(RARE)), [0, 0], "nobody has it open")
        for file in self.files() - {"planted.onnx"}:
            content = (self.folder / file).read_bytes()
            for row in rows_of(RARE):
                self.assertNotIn(row, content, file)

    def test_nothing_reaches_swap_or_a_dump(self):
        self.seal_planted()
        broker = self.ready()
        client = self.stay()
        flags = re.findall(r"(?m)^VmFlags: (.*)$", pathlib.Path(f"/proc/{broker.number}/smaps").read_text())
        writable = [set(f.split()) for f in flags if "wr" in f.split()]
        self.assertGreater(len(writable), 3)
        self.assertTrue(all("lo" in f for f in writable), writable)
        self.assertTrue(any("dd" in f for f in writable), "keys and tiles are marked by themselves, too")
        status = pathlib.Path(f"/proc/{broker.number}/status").read_text()
        self.assertRegex(status, r"(?m)^VmSwap:\s+0 kB$")
        self.assertRegex(status, r"(?m)^Seccomp:\s+2$")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        self.assertEqual(pathlib.Path(f"/proc/{broker.number}/coredump_filter").read_text().strip(), "00000000")
        limits = pathlib.Path(f"/proc/{broker.number}/limits").read_text()
        self.assertRegex(limits, r"(?m)^Max core file size\s+0\s+0\s")
        before = self.files()
        broker.send(6)  # an abort, of which a dump would be made
        self.assertEqual(broker.wait(), -6, self.stories())
        self.assertEqual(self.files(), before)
        (self.folder / "go").write_text("on")
        self.assertNotEqual(client.wait(), DONE)
        self.assertIn("PeerError", client.err)

    def test_no_other_process_looks_into_it(self):
        """Neither of another user nor of the broker's own."""
        broker = self.ready()
        attach = (
            "import ctypes, os, sys\n"
            "pid = int(sys.argv[1])\n"
            "said = []\n"
            "for name in ('mem', 'environ', 'auxv'):\n"
            "    try:\n"
            "        open(f'/proc/{pid}/{name}', 'rb').close()\n"
            "        said.append(name)\n"
            "    except PermissionError:\n"
            "        pass\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "if libc.ptrace(16, pid, None, None) == 0:\n"
            "    said.append('attached')\n"
            "else:\n"
            "    assert ctypes.get_errno() == 1, ctypes.get_errno()\n"
            "if 'abort' in sys.argv:\n"
            "    try:\n"
            "        os.kill(pid, 6)\n"
            "        said.append('aborted')\n"
            "    except PermissionError:\n"
            "        pass\n"
            "print(said)\n"
        )
        # Another user cannot even make it abort, of which a dump would be made.
        for user, more in ((CLIENT, ["abort"]), (BROKER, [])):
            process = self.run_as(user, "-c", attach, str(broker.number), *more, program="/usr/bin/python3")
            self.assertEqual(process.out, "[]\n", self.stories())
        # The same of a process that is not guarded, so that this can fail.
        os.mkfifo(self.folder / "b/f")
        os.chown(self.folder / "b/f", BROKER, BROKER)
        stays = "import sys; print('here', file=sys.stderr, flush=True); open('b/f').read()"
        plain = self.start_as(BROKER, "-c", stays, program="/usr/bin/python3")
        self.assertTrue(plain.wait_for("here"), self.stories())
        process = self.run_as(BROKER, "-c", attach, str(plain.number), program="/usr/bin/python3")
        self.assertIn("environ", process.out)


class Pages(unittest.TestCase):
    def test_the_protocol_is_the_documented_one(self):
        page = (ROOT / "docs/broker.md").read_text()
        header = (ROOT / "src/tacit/broker/messages.h").read_text()
        (tags,) = re.findall(r"enum class Tag[^{]*\{(.*?)\};", header, re.S)
        tags = re.findall(r"(\w+) = (\d+),", tags)
        self.assertEqual(len(tags), 9)
        for name, number in tags:
            self.assertRegex(page, rf"(?m)^\| {number} \| {name} \|")
        tiles = (ROOT / "src/tacit/sealed/tiles.h").read_text()
        numbers = re.search(r"kTileNumbers = std::size_t\{1\} << (\d+);", tiles)
        self.assertIn(f"at most {1 << int(numbers[1])} of its numbers", " ".join(page.split()))


class Languages(BrokerTest):
    """The examples in C, C++ and Python say what ONNX Runtime says."""

    def check(self, process, model=MODEL):
        lines = process.out.splitlines()
        self.assertEqual(lines[0], "m, by ACME, at level 2")
        want = oracle(str(model), numpy.full((1, 1, 8, 8), 0.5))[0]
        got = numpy.array([float(line) for line in lines[1:]])
        self.assertEqual(got.shape, want.shape)
        self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())

    def compiled(self, compiler, source, *options):
        out = self.bin / f"ask-{compiler}"
        command = [compiler, source, "-I", ROOT / "include", *options]
        command += ["-Wall", "-Wextra", "-Werror", "-o", out, self.bin / LIBRARY, f"-Wl,-rpath,{self.bin}"]
        subprocess.run([str(c) for c in command], check=True)
        out.chmod(0o755)
        return str(out)

    def test_c_and_cpp_and_python(self):
        self.seal("--level", "2", "--name", "m")
        self.ready()
        self.write("one.tacit", "no model").chmod(0o644)
        programs = [
            (self.compiled("gcc", ASK / "ask.c", "-std=c99"), (), ()),
            (self.compiled("g++", ASK / "ask.cc", "-std=c++17"), (), ()),
            ("/usr/bin/python3", (str(self.bin / "ask.py"),), (str(self.bin / LIBRARY),)),
        ]
        for program, before, after in programs:
            with self.subTest(program):
                self.check(self.run_as(CLIENT, *before, "run/socket", "m.tacit", *after, program=program))
                for socket, file, user, code, part in (
                    ("run/none", "m.tacit", CLIENT, IO, "no broker answers"),
                    ("run/socket", "one.tacit", CLIENT, USAGE, "is no sealed model"),
                    ("run/socket", "m.tacit", OTHER, USAGE, "does not serve your user"),
                ):
                    process = self.run_as(user, *before, socket, file, *after, program=program, code=code)
                    self.assertEqual(len(process.err.splitlines()), 1, self.stories())
                    self.assertIn(part, process.err)

    def test_cpp_on_many_threads(self):
        """All of one user's, over one connection: they take turns."""
        self.seal("--level", "2", "--name", "m")
        self.ready()
        program = self.compiled("g++", ROOT / "tests/e2e/many_threads.cc", "-std=c++17", "-pthread")
        process = self.run_as(CLIENT, "--broker", "run/socket", "m.tacit", program=program)
        self.assertEqual((process.out, process.err), (f"{64 * 4}\n", ""), self.stories())

    def test_python_with_arrays_and_lists(self):
        self.seal("--level", "2", "--name", "m")
        self.ready(allow=("everyone",))
        sys.path.insert(0, str(ROOT / "bindings/python"))
        self.addCleanup(sys.path.remove, str(ROOT / "bindings/python"))
        import tacit_runtime

        x = digits(3)
        want = oracle(str(MODEL), x)
        with tacit_runtime.Broker(self.folder / "run/socket", self.bin / LIBRARY) as broker:
            model = broker.open(self.folder / "m.tacit")
            self.assertEqual((model.name, model.vendor, model.level, model.example), ("m", "ACME", 2, (1, 8, 8)))
            self.assertEqual(model.expires, 32472144000)
            got = model.run(x)
            self.assertIsInstance(got, numpy.ndarray)
            self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())
            self.assertEqual(model.run(x.tolist()), got.tolist())
            for bad in (x[0], x.tolist()[0], [], [[1.0, 2.0], [3.0]], numpy.zeros((0, 1, 8, 8)), x * numpy.nan):
                with self.assertRaises(tacit_runtime.UsageError):
                    model.run(bad)
            model.close()
            with self.assertRaisesRegex(tacit_runtime.UsageError, "closed already"):
                model.run(x)
        with self.assertRaisesRegex(tacit_runtime.UsageError, "left already"):
            broker.open(self.folder / "m.tacit")
        with self.assertRaises(tacit_runtime.IoError):
            tacit_runtime.Broker(self.folder / "run/none", self.bin / LIBRARY)
        with self.assertRaisesRegex(tacit_runtime.IoError, "cannot be loaded"):
            tacit_runtime.Broker("run/socket", "no-such-library.so")


if __name__ == "__main__":
    unittest.main()
