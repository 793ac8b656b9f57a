"""Sealed models from programs in C, C++ and Python, each of which opens them in its own process."""

import pathlib
import subprocess
import sys
import threading
import unittest

from harness import IO, ROOT, TACIT, USAGE
from splitting import MODEL, digits
from test_seal import CHEATED, SealTest, oracle

import numpy

LIBRARY = pathlib.Path(TACIT).resolve().parents[2] / "lib/libtacit_runtime.so.1"
EXAMPLE = ROOT / "examples/run_a_model"


class Runtime(SealTest):
    def setUp(self):
        super().setUp()
        self.seal("--name", "m")

    def compiled(self, compiler, source, *options):
        out = self.folder / f"run-{compiler}"
        command = [compiler, source, "-I", ROOT / "include", *options, "-Wall", "-Wextra", "-Werror"]
        subprocess.run([str(c) for c in (*command, "-o", out, LIBRARY, f"-Wl,-rpath,{LIBRARY.parent}")], check=True)
        return [str(out)], []

    def test_the_examples_say_what_onnx_runtime_says(self):
        bad = bytearray((self.folder / "m.tacit").read_bytes())
        bad[-1] ^= 1
        self.changed(bad, "bad.tacit")
        self.write("none.tacit", "no model")
        self.device("e")
        self.seal("--level", "2", out="two.tacit")
        want = oracle(str(MODEL), numpy.full((1, 1, 8, 8), 0.5))[0]
        path = f"import sys; sys.path.insert(0, {str(ROOT / 'bindings/python')!r}); "
        source = (EXAMPLE / "run.py").read_text()
        self.write("run.py", path + "\n" + source)
        for before, after in (
            self.compiled("gcc", EXAMPLE / "run.c", "-std=c99"),
            self.compiled("g++", EXAMPLE / "run.cc", "-std=c++17"),
            ([sys.executable, str(self.folder / "run.py")], [str(LIBRARY)]),
        ):
            with self.subTest(before[0]):
                done = self.program(*before, "d", "m.tacit", *after)
                lines = done.stdout.splitlines()
                self.assertEqual(lines[0], "m, by ACME, at level 1")
                got = numpy.array([float(line) for line in lines[1:]])
                self.assertEqual(got.shape, want.shape)
                self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())
                for keys, file, code, part in (
                    ("none", "m.tacit", USAGE, "none"),
                    ("d", "missing.tacit", IO, "missing.tacit"),
                    ("d", "none.tacit", USAGE, "is no sealed model"),
                    ("e", "m.tacit", USAGE, "is not sealed to the device"),
                    ("d", "two.tacit", USAGE, "would be level 1"),
                    ("d", "bad.tacit", CHEATED, "is not what its vendor made"),
                ):
                    failed = self.program(*before, keys, file, *after, code=code)
                    self.assertEqual(len(failed.stderr.splitlines()), 1, failed.stderr)
                    self.assertIn(part, failed.stderr)
                    self.assertEqual(failed.stdout, "")

    def program(self, *command, code=0):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_cpp_on_many_threads(self):
        before, _ = self.compiled("g++", ROOT / "tests/e2e/many_threads.cc", "-std=c++17", "-pthread")
        done = self.program(*before, "d", "m.tacit")
        self.assertEqual((done.stdout, done.stderr), (f"{64 * 4}\n", ""))

    def test_python_on_many_threads(self):
        sys.path.insert(0, str(ROOT / "bindings/python"))
        self.addCleanup(sys.path.remove, str(ROOT / "bindings/python"))
        import tacit_runtime

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
        self.assertEqual(len(functions), 8)
        self.assertEqual(names, functions)

    def test_the_examples_are_short(self):
        for folder in ("run_a_model", "ask_a_broker"):
            for kind in ("c", "cc", "py"):
                (source,) = (ROOT / "examples" / folder).glob(f"*.{kind}")
                self.assertLessEqual(len(source.read_text().splitlines()), 40, source)


if __name__ == "__main__":
    unittest.main()
