"""A device whose key a TPM keeps (swtpm): what its vendor finds out about it, and where its folder is of use."""

import json
import re
import shutil
import unittest

from harness import DONE, ROOT, USAGE
from splitting import MODEL
from swtpm import SoftwareTpm
from test_seal import CHEATED, SealTest


class TpmTest(SealTest):
    def setUp(self):
        super().setUp()
        self.tpm = SoftwareTpm(self)

    def kept(self, name, *options, tpm=None):
        """A device of that name in the TPM; what it tells of itself."""
        words = ("--json", "device", "init", "--keys", name, "--name", f"device {name}", "--tpm", (tpm or self.tpm).at)
        told = json.loads(self.run_tacit(*words, *options).out)
        self.run_tacit("device", "trust", "v/vendor.pub", "--keys", name)
        return told

    def challenge(self, name, *options, code=DONE):
        words = ("vendor", "challenge", f"{name}/device.pub", "--keys", "v", "-o", "c.txt", *options)
        return self.run_tacit(*words, code=code)

    def answer(self, name, code=DONE):
        return self.run_tacit("device", "answer", "c.txt", "--keys", name, "-o", "a.txt", code=code)

    def admit(self, code=DONE):
        return self.run_tacit("vendor", "admit", "a.txt", "--keys", "v", code=code)


class Kept(TpmTest):
    def test_it_opens_what_is_sealed_to_it(self):
        told = self.kept("t")
        self.assertEqual((told["kept"], told["pcrs"]), ("tpm", "7"))
        self.assertFalse((self.folder / "t/device.key").exists())
        self.seal(to=("t", "d"))
        for name in ("t", "d"):
            self.assertEqual(self.run_model(device=name).shape, (3, 10))
            (self.folder / "out.npy").unlink()
        self.tpm.restart()
        self.run_model(device="t")
        words = json.loads(self.run_tacit("--json", "inspect", "m.tacit").out)
        self.assertEqual(sorted(r["key"] for r in words["recipients"]), ["p256", "x25519"])

    def test_its_folder_is_of_no_use_elsewhere(self):
        self.kept("t")
        self.seal(to=("t",))
        shutil.copytree(self.folder / "t", self.folder / "copy")
        other = SoftwareTpm(self)
        file = self.folder / "copy/device.tpm"
        file.write_text(file.read_text().replace(self.tpm.at, other.at))
        self.refuse("is not the one in which this device's key was made", device="copy")
        self.tpm.stop()
        self.refuse("there is no TPM", self.tpm.at, device="t")
        # On the machine of the TPM a copy does as well as the folder: that is what its bounds say.
        self.tpm.start()
        file.write_text(file.read_text().replace(other.at, self.tpm.at))
        self.run_model(device="copy")

    def test_another_state_of_the_machine(self):
        self.kept("t")
        self.kept("free", "--pcrs", "none")
        self.assertEqual(self.kept("two", "--pcr", "0,4")["pcrs"], "0+4")
        self.seal(to=("t", "free", "two"))
        self.tpm.extend(7)
        self.refuse("bound to register 7", "make a new device", device="t")
        for name in ("free", "two"):
            self.run_model(device=name)
            (self.folder / "out.npy").unlink()
        self.tpm.extend(4)
        self.refuse("bound to register 0+4", device="two")
        # A new device in the same TPM, for which the model is sealed anew.
        self.kept("anew")
        self.seal(to=("anew",))
        self.run_model(device="anew")

    def test_only_who_proves_it_is_sealed_to(self):
        told = self.kept("t")
        words = ("seal", MODEL, "--to", "t/device.pub", "--expires", "never", "--keys", "v", "-o", "m.tacit")
        process = self.run_tacit(*words, "--require", "tpm", code=USAGE)
        self.assert_one_sentence(process, "'device t' has not proved", "tacit vendor challenge")
        self.assertFalse((self.folder / "m.tacit").exists())
        # Without being required it is said that nobody proved it.
        self.assertIn("as its card says and nobody proved", self.run_tacit(*words).out)
        # No endorsement key is believed just because a card names it.
        self.assert_one_sentence(self.challenge("t", code=USAGE), "nothing says", told["endorsement"], "--roots")
        wrong = ("0" * 4 + " ") * 16
        process = self.challenge("t", "--endorsement", wrong.strip(), code=USAGE)
        self.assert_one_sentence(process, "another endorsement key")
        self.challenge("t", "--endorsement", told["endorsement"])
        self.answer("t")
        self.assertIn("is admitted", self.admit().out)
        said = self.run_tacit(*words, "--require", "tpm").out
        self.assertIn("a key that a TPM keeps;", said)
        self.assertNotIn("whoever holds a recipient's key folder", said)
        self.assertIn("whoever may use a recipient's TPM", said)
        self.assertIn("of the same day and boot", said)
        self.run_model(device="t")
        # A second device of the same TPM needs no telling.
        self.kept("u")
        self.challenge("u")
        self.assert_one_sentence(self.answer("t", code=USAGE), "c.txt", "this is 'device t'")
        self.answer("u")
        self.admit()
        self.assert_one_sentence(self.admit(code=USAGE), "was not challenged, or has answered already")

    def test_who_cannot_prove_it_is_not_admitted(self):
        told = self.kept("t")
        other = SoftwareTpm(self)
        self.kept("o", tpm=other)
        # A card with the other's key and this TPM's endorsement.
        lines = (self.folder / "o/device.pub").read_text().splitlines(keepends=True)
        mine = (self.folder / "t/device.pub").read_text().splitlines(keepends=True)
        (self.folder / "o/device.pub").write_text("".join(lines[:6] + mine[6:7] + lines[7:]))
        self.challenge("o", "--endorsement", told["endorsement"])
        self.assert_one_sentence(self.answer("o", code=USAGE), "the challenge is not for this device's key")
        # An answer to another challenge.
        self.challenge("t", "--endorsement", told["endorsement"])
        self.answer("t")
        self.challenge("t", "--endorsement", told["endorsement"])
        self.assert_one_sentence(self.admit(code=CHEATED), "the answer is wrong", "device t")
        # Software keys have nothing to prove.
        self.assert_one_sentence(self.challenge("d", code=USAGE), "keeps its key in a file")
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "--require", "tpm")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "'device d' keeps its key in a file")

    def test_no_tpm_no_silence(self):
        self.assert_one_sentence(
            self.run_tacit("device", "init", "--keys", "n", "--tpm", "/nowhere/tpm", code=USAGE), "there is no TPM"
        )
        process = self.run_tacit("device", "init", "--keys", "n", "--software", "--pcrs", "7", code=USAGE)
        self.assert_one_sentence(process, "--pcrs is about a TPM")
        for bad in ("24", "7+0", "x"):
            words = ("device", "init", "--keys", "n", "--tpm", self.tpm.at, "--pcrs", bad)
            self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "registers of a TPM")
        self.assertFalse((self.folder / "n").exists())
        self.assertIn("no TPM keeps it", self.run_tacit("device", "init", "--keys", "n", "--software").out)

    def test_an_old_copy_of_the_folder(self):
        """Within one boot and day it is as good as the folder; the unit tests let days and boots go by."""
        self.kept("t")
        self.seal(to=("t",))
        self.run_model(device="t")
        (self.folder / "out.npy").unlink()
        head = (self.folder / "t/time.witness").read_bytes()[:16]
        self.assertEqual(head, b"tacit witness 2\n")
        bad = bytearray((self.folder / "t/time.witness").read_bytes())
        bad[28] ^= 1  # the count
        (self.folder / "t/time.witness").write_bytes(bad)
        self.refuse("time.witness", "was changed", device="t", code=CHEATED)


class Pages(unittest.TestCase):
    def test_the_messages_that_are_explained_can_be_told(self):
        files = [*(ROOT / "src/tacit").rglob("*.cc"), *(ROOT / "apps/tacit").glob("*.cc")]
        texts = "".join(p.read_text() for p in files if not p.stem.endswith("_test"))
        texts = re.sub(r'"\s*\n\s*"', "", texts)
        rows = [
            row
            for page in ("device-keys.md", "leases.md")
            for row in re.findall(r"(?m)^\| ([^|]*…[^|]*) \|", (ROOT / "docs" / page).read_text())
        ]
        self.assertGreater(len(rows), 8)
        for row in rows:
            self.assertIn(max((p.strip(" ,':") for p in row.split("…")), key=len), texts, row)


if __name__ == "__main__":
    unittest.main()
