"""The examples run as they stand, and make what their READMEs say; those that need a download say so."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import DONE, ROOT, TACIT, USAGE, TacitTest, free_ports

FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")


class Examples(TacitTest):
    def setUp(self):
        super().setUp()
        self.examples = self.folder / "the examples"
        shutil.copytree(ROOT / "examples", self.examples, ignore=shutil.ignore_patterns("out"))

    def run_example(self, name, *arguments, code=DONE, **variables):
        """Called from elsewhere; what it printed, and the folder of its results."""
        done = subprocess.run(
            [self.examples / name / "run.sh", *arguments],
            cwd=self.folder,
            env={**os.environ, "TACIT": TACIT, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.told = done.stderr
        return done.stdout, self.examples / name / "out"

    def assert_accuracy(self, printed, least):
        private, clear = re.findall(r"accuracy ([\d.]+), in the clear ([\d.]+)", printed)[-1]
        self.assertGreater(float(private), least)
        self.assertLess(abs(float(private) - float(clear)), 0.03)

    def test_quickstart_table(self):
        printed, out = self.run_example("1_quickstart_table", "--quick")
        self.assert_accuracy(printed, 0.85)
        answers = printed.splitlines()[-6:]
        self.assertEqual(answers[0], "diagnosis")
        self.assertTrue(set(answers[1:]) <= {"benign", "malignant"})
        for file in ("report.html", "north-out/model.onnx", "south-out/predictions.csv"):
            self.assertTrue((out / "local-out" / file).exists(), file)

    def test_images(self):
        printed, _ = self.run_example("2_images", "--quick")
        self.assert_accuracy(printed, 0.4)

    def test_columns_joined(self):
        printed, _ = self.run_example("3_columns_joined", "--quick")
        self.assert_accuracy(printed, 0.8)
        self.assertIn("told: same rows to", printed)

    def test_onnx_import(self):
        printed, out = self.run_example("4_onnx_import", "--quick")
        self.assert_accuracy(printed, 0.4)
        start, end = out / "start.onnx", out / "local-out/north-out/model.onnx"
        self.assertNotEqual(start.read_bytes(), end.read_bytes())

    @unittest.skipUnless(FASHION.exists(), "the package dataset-fashion-mnist is not installed")
    def test_fashion_mnist(self):
        printed, _ = self.run_example("5_fashion_mnist", "--quick")
        self.assertIn("3600 rows, 1 epochs", printed)
        self.assert_accuracy(printed, 0.5)

    def test_fashion_mnist_that_is_not_installed(self):
        self.run_example("5_fashion_mnist", code=USAGE, FASHION="/nowhere")
        self.assertIn("apt-get install dataset-fashion-mnist", self.told)

    def test_the_job_of_adult(self):
        """On the first rows of the data."""
        self.run_tacit(
            "--quiet", "train", self.examples / "6_adult/job.toml", "--simulate",
            *(f"--data={o}={ROOT / 'tests/data/adult.csv'}" for o in ("north", "south")),
        )  # fmt: skip

    def test_adult_without_its_data(self):
        for arguments, words in (
            ((), "say where the data are"),
            ((self.folder, "--slow"), "say where the data are"),
            ((self.folder,), "there is no adult.data"),
        ):
            self.run_example("6_adult", *arguments, code=USAGE)
            self.assertIn(words, self.told)
        rows = (ROOT / "tests/data/adult.csv").read_text()
        for name in ("adult.data", "adult.test"):
            (self.folder / name).write_text(rows)
        self.run_example("6_adult", ".", code=USAGE)
        self.assertIn("has 200 rows, not 32561", self.told)
        (self.folder / "adult.data").write_text(rows + rows.splitlines()[1] + "\n" + "\n".join(["x"] * 32360))
        self.run_example("6_adult", ".", code=USAGE)
        self.assertIn("is another file", self.told)

    def test_three_machines(self):
        ports = free_ports(3)
        printed, out = self.run_example("7_three_machines", "--quick", PORTS=" ".join(map(str, ports)))
        self.assertRegex(printed, r"accuracy 0\.[6-9]")
        self.assertEqual(len((out / "south-out/predictions.csv").read_text().splitlines()), 6)

    def test_another_option(self):
        for name in sorted(p.name for p in self.examples.glob("[1-57]_*")):
            self.run_example(name, "--fast", code=USAGE)
            self.assertIn("there is no option '--fast'", self.told)

    def test_each_is_complete_and_listed(self):
        listed = (self.examples / "README.md").read_text()
        folders = sorted(p for p in self.examples.iterdir() if p.name[0].isdigit())
        self.assertEqual([p.name[0] for p in folders], list("1234567"))
        for p in folders:
            self.assertIn(f"({p.name})", listed)
            self.assertTrue({"README.md", "job.toml", "run.sh"} <= {f.name for f in p.iterdir()}, p)
            self.assertTrue(os.access(p / "run.sh", os.X_OK), p)


if __name__ == "__main__":
    unittest.main()
