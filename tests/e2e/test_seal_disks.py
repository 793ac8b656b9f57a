"""Full disks and disks that can only be read, under who seals, who makes keys and who runs a model: one sentence, and
nothing half-written."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

from harness import DONE, IO, TACIT
from splitting import MODEL, digits
from test_seal import SealTest

import numpy

HERE = pathlib.Path(__file__).resolve().parent
SIZE = MODEL.stat().st_size


class Disks(SealTest):
    def setUp(self):
        super().setUp()
        (self.folder / "seed").mkdir()

    def on_disk(self, kind, *words):
        """What the program did on a disk of so many bytes beside the seed's, or that can only be read."""
        command = [sys.executable, HERE / "small_disk.py", self.folder, kind, TACIT, *words]
        done = subprocess.run([str(w) for w in command], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        if told["code"] != DONE:
            lines = told["err"].splitlines()
            self.assertEqual(len(lines), 1, told)
            self.assertTrue(lines[0].startswith("tacit: "), told)
        return told

    def sealing(self, model=MODEL):
        words = ("seal", model, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "--keep")
        return (*words, "-o", "DISK/m.tacit")

    def test_a_full_disk_while_sealing(self):
        """From a disk on which nothing has room to one on which all has: either the whole file is there, or none."""
        outcomes = set()
        for size in range(4096, SIZE + (20 << 10), 8192):
            told = self.on_disk(size, *self.sealing())
            with self.subTest(size=size):
                outcomes.add(told["code"])
                if told["code"] == DONE:
                    self.assertEqual(list(told["files"]), ["m.tacit"])
                else:
                    self.assertEqual((told["code"], told["files"]), (IO, {}), told)
                    self.assertIn("make room on the disk", told["err"])
        self.assertEqual(outcomes, {DONE, IO})

    def test_the_old_file_stays(self):
        self.seal("--keep", out="old.tacit")
        shutil.copy(self.folder / "old.tacit", self.folder / "seed/m.tacit")
        old = hashlib.sha256((self.folder / "old.tacit").read_bytes()).hexdigest()
        for model in (MODEL, "old.tacit"):  # sealed, and sealed anew
            told = self.on_disk(16384, *self.sealing(model))
            self.assertEqual((told["code"], told["files"]), (IO, {"m.tacit": old}), told)

    def test_a_disk_that_can_only_be_read(self):
        self.seal("--keep", out="old.tacit")
        for model in (MODEL, "old.tacit"):
            told = self.on_disk("read-only", *self.sealing(model))
            self.assertEqual((told["code"], told["files"]), (IO, {}), told)
            self.assertIn("m.tacit", told["err"])
        for words in (("vendor", "init"), ("device", "init", "--software")):
            told = self.on_disk("read-only", *words, "--keys", "DISK/keys")
            self.assertEqual((told["code"], told["files"]), (IO, {}), told)

    def test_keys_on_a_full_disk(self):
        """No folder is left in which a key lies without its other half."""
        for words in (("vendor", "init"), ("device", "init", "--software"), ("vendor", "rotate", "--keys", "v")):
            given = "--new-keys" if "rotate" in words else "--keys"
            outcomes = set()
            for size in (4096, 8192, 12288, 16384, 65536):
                told = self.on_disk(size, *words, given, "DISK/keys")
                outcomes.add(told["code"])
                with self.subTest(words=words, size=size):
                    self.assertIn(told["code"], (DONE, IO))
                    if told["code"] == DONE:
                        self.assertGreaterEqual(len(told["files"]), 2)
                    else:
                        self.assertEqual(told["files"], {}, told)
            self.assertIn(DONE, outcomes)

    def test_a_device_whose_disk_is_full(self):
        """It cannot note the time that it witnesses: it answers as it does otherwise, or says why not."""
        self.seal()
        shutil.copytree(self.folder / "d", self.folder / "seed/d")
        numbers = self.folder / "input.npy"
        numpy.save(numbers, digits(2))
        for kind in (0, "read-only"):
            told = self.on_disk(kind, "run", "m.tacit", numbers, "--keys", "DISK/d")
            self.assertIn(told["code"], (DONE, IO), told)
            self.assertFalse([f for f in told["files"] if f.endswith(".part")], told)


if __name__ == "__main__":
    unittest.main()
