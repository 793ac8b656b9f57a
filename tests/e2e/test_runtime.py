"""Sealed models from programs in C, C++ and Python, each of which opens them in its own process."""

import pathlib
import subprocess
import sys
import threading
import unittest

from harness import PEER, ROOT, TACIT, USAGE, free_ports
from splitting import MODEL, digits
from test_seal import CHEATED, SealTest, oracle
from test_sealed_split import SplitLevelTest, network

import numpy

LIBRARY = pathlib.Path(TACIT).resolve().parents[2] / "lib/libtacit_runtime.so.1"
EXAMPLE = ROOT / "examples/run_a_model"


class Programs:
    """The examples, in each language: of each the words before its arguments, and those before a server's address."""

    def compiled(self, compiler, source, *options):
        out = self.folder / f"run-{compiler}"
        command = [compiler, source, "-I", ROOT / "include", *options, "-Wall", "-Wextra", "-Werror"]
        subprocess.run([str(c) for c in (*command, "-o", out, LIBRARY, f"-Wl,-rpath,{LIBRARY.parent}")], check=True)
        return [str(out)], []

    def programs(self):
        path = f"import sys; sys.path.insert(0, {str(ROOT / 'bindings/python')!r}); "
        self.write("run.py", path + "\n" + (EXAMPLE / "run.py").read_text())
        return (
            self.compiled("gcc", EXAMPLE / "run.c", "-std=c99"),
            self.compiled("g++", EXAMPLE / "run.cc", "-std=c++17"),
            ([sys.executable, str(self.folder / "run.py")], [str(LIBRARY)]),
        )

    def program(self, *command, code=0):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def failed(self, *command, code, parts):
        done = self.program(*command, code=code)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertEqual(done.stdout, "")

    def bindings(self):
        """The module, as programs import it."""
        sys.path.insert(0, str(ROOT / "bindings/python"))
        self.addCleanup(sys.path.remove, str(ROOT / "bindings/python"))
        import tacit_runtime

        return tacit_runtime


class Runtime(SealTest, Programs):
    def setUp(self):
        super().setUp()
        self.seal("--name", "m")

    def test_the_examples_say_what_onnx_runtime_says(self):
        bad = bytearray((self.folder / "m.tacit").read_bytes())
        bad[-1] ^= 1
        self.changed(bad, "bad.tacit")
        self.write("none.tacit", "no model")
        self.device("e")
        self.seal("--level", "2", out="two.tacit")
        want = oracle(str(MODEL), numpy.full((1, 1, 8, 8), 0.5))[0]
        for before, after in self.programs():
            with self.subTest(before[0]):
                done = self.program(*before, "d", "m.tacit", *after)
                lines = done.stdout.splitlines()
                self.assertEqual(lines[0], "m, by ACME, at level 1")
                got = numpy.array([float(line) for line in lines[1:]])
                self.assertEqual(got.shape, want.shape)
                self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())
                for keys, file, code, part in (
                    ("none", "m.tacit", USAGE, "none"),
                    ("d", "missing.tacit", USAGE, "there is no file 'missing.tacit'"),
                    ("d", "none.tacit", USAGE, "is no sealed model"),
                    ("e", "m.tacit", USAGE, "is not sealed to the device"),
                    ("d", "two.tacit", USAGE, "would be level 1"),
                    ("d", "bad.tacit", CHEATED, "is not what its vendor made"),
                ):
                    self.failed(*before, keys, file, *after, code=code, parts=(part,))

    def test_cpp_on_many_threads(self):
        before, _ = self.compiled("g++", ROOT / "tests/e2e/many_threads.cc", "-std=c++17", "-pthread")
        done = self.program(*before, "d", "m.tacit")
        self.assertEqual((done.stdout, done.stderr), (f"{64 * 4}\n", ""))

    def test_python_on_many_threads(self):
        tacit_runtime = self.bindings()
        x = digits(5)
        want = oracle(str(MODEL), x)
        with tacit_runtime.open(self.folder / "d", self.folder / "m.tacit", 1, LIBRARY) as model:
            self.assertEqual((model.name, model.vendor, model.level, model.example), ("m", "ACME", 1, (1, 8, 8)))
            self.assertIsNone(model.expires)
            got = model.run(x)
            self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())
            self.assertEqual(model.run(x.tolist()), got.tolist())
            answers = [None] * 64

            def ask(i):
                answers[i] = model.run(x)

            threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(answers))]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            for answer in answers:
                self.assertTrue(numpy.array_equal(answer, got))
            for wrong in (x[0], [], [[1.0, 2.0], [3.0]], numpy.zeros((0, 1, 8, 8)), x * numpy.nan):
                with self.assertRaises(tacit_runtime.UsageError):
                    model.run(wrong)
        with self.assertRaisesRegex(tacit_runtime.UsageError, "closed already"):
            model.run(x)
        self.seal("--name", "m", "--fingerprint", "a customer", out="four.tacit")
        with tacit_runtime.open(self.folder / "d", self.folder / "four.tacit", 0, LIBRARY) as copy:
            self.assertEqual(copy.level, 4)
            self.assertEqual(copy.run(x).shape, want.shape)
        with self.assertRaisesRegex(tacit_runtime.IoError, "cannot be loaded"):
            tacit_runtime.open("d", "m.tacit", library="no-such-library.so")

    def test_the_library_has_the_names_of_its_header_and_no_others(self):
        listed = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True)
        names = {line.split()[-1].partition("@")[0] for line in listed.stdout.splitlines()}
        header = (ROOT / "include/tacit/tacit_runtime.h").read_text()
        functions = {
            words.split("(")[0].split()[-1].lstrip("*") for words in header.split("TACIT_API ")[2:] if "(" in words
        }
        self.assertEqual(len(functions), 9)
        self.assertEqual(names, functions)

    def test_the_examples_are_short(self):
        for folder in ("run_a_model", "ask_a_broker"):
            for kind in ("c", "cc", "py"):
                (source,) = (ROOT / "examples" / folder).glob(f"*.{kind}")
                self.assertLessEqual(len(source.read_text().splitlines()), 40, source)


class Split(SplitLevelTest, Programs):
    """Level 3: the same programs, when they are told where the vendor's server is."""

    def setUp(self):
        super().setUp()
        self.protect("--name", "m")

    def close_to(self, got, x):
        want = oracle(network(), x)
        self.assertEqual(got.shape, want.shape)
        self.assertLess(abs(got - want).max(), 0.02)

    def test_the_examples_ask_the_vendors_server(self):
        self.seal(out="one.tacit")
        half = numpy.full((1, 1, 8, 8), 0.5)
        (elsewhere,) = free_ports(1)
        self.serve()
        for before, after in self.programs():
            with self.subTest(before[0]):
                done = self.program(*before, "d", "m.tacit", *after, self.at)
                lines = done.stdout.splitlines()
                self.assertEqual(lines[0], "m, by ACME, at level 3")
                self.close_to(numpy.array([[float(line) for line in lines[1:]]]), half)
                for words, code, parts in (
                    (("d", "m.tacit", *after), USAGE, ("a segment of it is at its vendor", "tacit_open_split")),
                    (("d", "one.tacit", *after, self.at), USAGE, ("sealed at level 1", "no segment")),
                    (("d", "m.tacit", *after, "nowhere"), USAGE, ("nowhere",)),
                    (("none", "m.tacit", *after, self.at), USAGE, ("none",)),
                ):
                    self.failed(*before, *words, code=code, parts=parts)
        # It takes ten seconds to find that nobody answers.
        before, after = self.programs()[0]
        words = (*before, "d", "m.tacit", *after, f"127.0.0.1:{elsewhere}")
        self.failed(*words, code=PEER, parts=("the vendor's server at", str(elsewhere)))

    def test_python_where_the_file_says_and_elsewhere(self):
        tacit_runtime = self.bindings()
        (elsewhere,) = free_ports(1)
        server = self.serve()
        x = digits(2)
        keys, file = self.folder / "d", self.folder / "m.tacit"
        with tacit_runtime.open_split(keys, file, library=LIBRARY) as model:
            self.assertEqual((model.name, model.vendor, model.level, model.example), ("m", "ACME", 3, (1, 8, 8)))
            self.close_to(model.run(x), x)
            answers = [None] * 4

            def ask(i):
                answers[i] = model.run(x[:1])

            threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(answers))]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            for answer in answers:
                self.close_to(answer, x[:1])
            for wrong in (x[0], x * numpy.nan, 1e9 * x):
                with self.assertRaises(tacit_runtime.UsageError):
                    model.run(wrong)
            with self.assertRaisesRegex(tacit_runtime.UsageError, "100 questions an hour, and 9"):
                model.run(digits(99))
            self.run_tacit("vendor", "revoke", "--segment", "m.tacit.segment", "--device", "d/device.pub")
            with self.assertRaisesRegex(tacit_runtime.UsageError, "has revoked this device"):
                model.run(x)
            (self.folder / "m.tacit.segment/revoked").unlink()
            server.end()
            with self.assertRaisesRegex(tacit_runtime.PeerError, "the vendor's server at"):
                model.run(x)
        self.serve("m.tacit.segment", "--listen", f"127.0.0.1:{elsewhere}")
        with tacit_runtime.open_split(keys, file, f"127.0.0.1:{elsewhere}", 1, LIBRARY) as model:
            self.close_to(model.run(x), x)
        words = ("run", "m.tacit", "input.npy", "--keys", "d", "-o", "out.npy", "--server", f"127.0.0.1:{elsewhere}")
        numpy.save(self.folder / "input.npy", x)
        self.run_tacit(*words)
        self.close(x)


if __name__ == "__main__":
    unittest.main()
