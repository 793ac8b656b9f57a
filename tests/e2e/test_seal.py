"""Sealed models: a vendor seals a network, devices run it, and whoever may not, or changed it, is told why in a
sentence."""

import base64
import hashlib
import hmac
import json
import re
import resource
import shutil
import struct
import time
import unittest

from harness import DONE, IO, ROOT, USAGE, TacitTest
from onnx_writer import Model, transformer
from splitting import MODEL, digits

import numpy
import onnxruntime

CHEATED = 5


def oracle(model, x):
    session = onnxruntime.InferenceSession(model)
    return session.run(None, {session.get_inputs()[0].name: x.astype(numpy.float32)})[0]


class SealTest(TacitTest):
    """A vendor in v/, and a device in d/ that trusts it."""

    def setUp(self):
        super().setUp()
        self.run_tacit("vendor", "init", "--keys", "v", "--name", "ACME")
        self.device("d")

    def device(self, name, trusts=True):
        self.run_tacit("device", "init", "--software", "--keys", name, "--name", f"device {name}")
        if trusts:
            self.run_tacit("device", "trust", "v/vendor.pub", "--keys", name)

    def seal(self, *options, model=MODEL, to=("d",), expires="never", out="m.tacit", **more):
        recipients = [word for d in to for word in ("--to", f"{d}/device.pub")]
        words = ("seal", model, *recipients, "--expires", expires, "--keys", "v", "-o", out, *options)
        return self.run_tacit(*words, **more)

    def run_model(self, file="m.tacit", device="d", x=None, code=DONE):
        numpy.save(self.folder / "input.npy", digits(3) if x is None else x)
        process = self.run_tacit("--json", "run", file, "input.npy", "--keys", device, "-o", "out.npy", code=code)
        return process if code != DONE else numpy.load(self.folder / "out.npy")

    def refuse(self, *parts, code=USAGE, **options):
        """Running it ends with a sentence that holds all of `parts`, and gives nothing."""
        process = self.run_model(code=code, **options)
        self.assert_one_sentence(process, *parts)
        self.assertEqual(process.out, "")
        self.assertFalse((self.folder / "out.npy").exists())

    def changed(self, content, name="changed.tacit"):
        (self.folder / name).write_bytes(content)
        return name


class Sealed(SealTest):
    def close(self, got, want):
        self.assertEqual(got.shape, want.shape)
        self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())

    def test_answers_are_the_models(self):
        self.seal()
        self.close(self.run_model(x=digits(300)), oracle(str(MODEL), digits(300)))
        one = digits(1)[0]  # an example without an axis that counts
        self.close(self.run_model(x=one), oracle(str(MODEL), one[None]))
        told = self.run_tacit("run", "m.tacit", "input.npy", "--keys", "d").out.splitlines()
        self.close(numpy.array([json.loads(line) for line in told]), oracle(str(MODEL), one[None]))

    def test_a_transformer_answers_as_before(self):
        model = transformer(8, 8, 2, 10)
        self.write("t.onnx", "").write_bytes(model)
        self.seal(model="t.onnx")
        self.close(self.run_model(x=digits(5)), oracle(model, digits(5)))

    def test_one_file_for_several_devices(self):
        for name in ("e", "f"):
            self.device(name)
        self.seal(to=("d", "e"))
        for name in ("d", "e"):
            self.close(self.run_model(device=name), oracle(str(MODEL), digits(3)))
            (self.folder / "out.npy").unlink()
        self.refuse("m.tacit", "is not sealed to the device 'device f'", device="f")

    def test_many_at_once(self):
        self.seal()
        numpy.save(self.folder / "input.npy", digits(2))
        words = ("run", "m.tacit", "input.npy", "--keys", "d")
        for p in [self.start(*words, name=f"run {i}") for i in range(4)]:
            self.assertEqual(p.wait(), DONE, self.stories())
            self.assertEqual(len(p.out.splitlines()), 2)

    def test_no_trust_on_first_use(self):
        self.device("n", trusts=False)
        self.seal(to=("n",))
        self.refuse("does not trust", "'ACME'", "tacit device trust", device="n")
        told = json.loads(self.run_tacit("--json", "vendor", "init", "--keys", "other", "--name", "Other").out)
        words = ("device", "trust", "v/vendor.pub", "--keys", "n", "--fingerprint")
        self.assert_one_sentence(
            self.run_tacit(*words, told["fingerprint"], code=USAGE), "another fingerprint", "not trusted"
        )
        self.refuse("does not trust", device="n")
        told = json.loads(self.run_tacit("--json", "device", "trust", "v/vendor.pub", "--keys", "n").out)
        self.assertRegex(told["fingerprint"], r"^([0-9a-f]{4} ){15}[0-9a-f]{4}$")
        self.run_tacit(*words, told["fingerprint"])
        self.run_model(device="n")
        # Somebody else under the same name is not that vendor.
        self.run_tacit("vendor", "init", "--keys", "false", "--name", "ACME")
        process = self.run_tacit("device", "trust", "false/vendor.pub", "--keys", "n", code=USAGE)
        self.assert_one_sentence(process, "'ACME' is trusted already", "another key")

    def test_changed_by_one_bit(self):
        self.seal()
        good = (self.folder / "m.tacit").read_bytes()
        head = 20 + struct.unpack("<I", good[16:20])[0]
        digests = head + 64
        chunks = (len(good) - digests) // (65536 + 16 + 32) + 1
        for place, code in (
            (0, USAGE),  # no sealed model any more
            (12, USAGE),  # another version
            (head - 1, CHEATED),  # the key for the device
            (head, CHEATED),  # the signature
            (digests, CHEATED),
            (digests + 32 * chunks, CHEATED),  # the first chunk
            (len(good) - 1, CHEATED),
        ):
            with self.subTest(place=place):
                bad = bytearray(good)
                bad[place] ^= 1
                self.refuse("changed.tacit", file=self.changed(bad), code=code)
                if code == CHEATED:
                    process = self.run_tacit("inspect", "changed.tacit", "--vendor", "v/vendor.pub", code=code)
                    self.assert_one_sentence(process, "changed.tacit", "is not what its vendor made")
        for name, bad in (("cut", good[:-1]), ("short", good[:300]), ("long", good + b"\0"), ("none", b"")):
            with self.subTest(name):
                self.refuse("changed.tacit", file=self.changed(bad))
        self.refuse("is no sealed model", file=self.changed(MODEL.read_bytes()))
        self.assertEqual(self.run_model().shape, (3, 10))

    def test_the_clock_is_set_back(self):
        """By a witnessed time that the device's own key vouches for, and by one that it does not."""
        self.seal()
        self.run_model()
        (self.folder / "out.npy").unlink()
        pem = (self.folder / "d/device.key").read_text()
        private = base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:]
        head = b"tacit witness 1\n" + struct.pack("<q", int(time.time()) + 86400)
        inner = hmac.digest(hmac.digest(head, private, "sha256"), b"tacit device 1: witnessed time\1", "sha256")
        witness = self.folder / "d/time.witness"
        old = witness.read_bytes()
        witness.write_bytes(head + inner)
        self.refuse("this machine's clock says", "set the clock right")
        witness.write_bytes(head + inner[:-1] + bytes([inner[-1] ^ 1]))
        self.refuse("time.witness", "was changed", code=CHEATED)
        witness.unlink()
        self.refuse("time.witness", "is not there")
        witness.write_bytes(old)
        self.run_model()

    def test_whoever_holds_the_key_folder_is_the_device(self):
        """What the documents say of a software key: a copy, also an old one, does as well."""
        self.seal()
        shutil.copytree(self.folder / "d", self.folder / "elsewhere/copy")
        shutil.rmtree(self.folder / "d")
        self.assertEqual(self.run_model(device="elsewhere/copy").shape, (3, 10))
        (self.folder / "elsewhere/copy").chmod(0o750)
        (self.folder / "out.npy").unlink()
        self.refuse("others may use the folder", "chmod 700", device="elsewhere/copy")

    def test_nothing_lies_in_the_clear(self):
        model = Model()
        x = model.input("x", ["N", 64])
        w = model.weight("w", numpy.full((64, 4), 1.2345678))
        model.node("MatMul", [x, w], "y")
        model.output("y", ["N", 4])
        self.write("m.onnx", "").write_bytes(model.bytes())
        constant = struct.pack("<f", 1.2345678)
        self.assertIn(constant * 8, (self.folder / "m.onnx").read_bytes())
        self.seal(model="m.onnx")
        (self.folder / "m.onnx").unlink()
        before = self.files()
        self.run_model(x=numpy.ones((2, 64)))
        self.assertEqual(self.files() - before, {"input.npy", "out.npy"})
        for name in self.files():
            self.assertNotIn(constant * 2, (self.folder / name).read_bytes(), name)

    def test_what_it_does_not_stop_is_said(self):
        process = self.seal(expires="2999-01-01")
        self.assertIn("Level 1, sealed: the file is useless", process.out)
        said = process.out[process.out.index("It does not stop:") :]
        for words in ("key folder", "root", "old copy", "ask the model often", "passes the model on"):
            self.assertIn(words, said)
        self.assertIn("of use until 2999-01-01 00:00:00 UTC", process.out)
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "2999-01-01", "--keys", "v", "-o", "again.tacit")
        told = json.loads(self.run_tacit("--json", *words).out)
        self.assertEqual((told["level"], told["level_name"], told["file"]), (1, "sealed", "again.tacit"))
        self.assertGreater(len(told["does_not_stop"]), 4)

    def test_inspect(self):
        self.device("e")
        self.seal("--name", "digits", to=("d", "e"), expires="2999-01-01")
        size = MODEL.stat().st_size
        stranger = json.loads(self.run_tacit("--json", "inspect", "m.tacit").out)
        self.assertEqual((stranger["vendor_known"], stranger["vendor"], stranger["model"]), (False, "ACME", "digits"))
        self.assertEqual((stranger["level"], stranger["level_name"], stranger["model_bytes"]), (1, "sealed", size))
        self.assertEqual((stranger["expires"], stranger["expired"]), ("2999-01-01 00:00:00 UTC", False))
        self.assertIsNone(stranger["fingerprint"])
        self.assertEqual(len(stranger["recipients"]), 2)
        for options in (("--keys", "d"), ("--vendor", "v/vendor.pub")):
            known = json.loads(self.run_tacit("--json", "inspect", "m.tacit", *options).out)
            self.assertEqual((known["vendor_known"], known["signature"]), (True, "right"))
        self.assertIn("Nobody here vouches", self.run_tacit("inspect", "m.tacit").out)
        self.assertIn("Signed by 'ACME'", self.run_tacit("inspect", "m.tacit", "--keys", "d").out)
        self.run_tacit("vendor", "init", "--keys", "other", "--name", "Other")
        process = self.run_tacit("inspect", "m.tacit", "--vendor", "other/vendor.pub", code=USAGE)
        self.assert_one_sentence(process, "signed by another vendor than 'Other'")

    def test_mistakes_are_told_in_a_sentence(self):
        self.write("bad.onnx", "no model")
        self.write("bad.pub", "no card")
        external = Model()
        x = external.input("x", ["N", 4])
        external.node("Blackbox", [x], "y")
        external.output("y", ["N", 4])
        self.write("unknown.onnx", "").write_bytes(external.bytes())
        good = (MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "none.tacit")

        def but(**changes):
            words = list(good)
            for name, value in changes.items():
                words[{"model": 0, "to": 2, "expires": 4, "keys": 6}[name]] = value
            return words

        before = self.files()
        for words, parts in (
            ((*good, "--level", "3"), ("level 3 (split)", "--protect NODES")),
            ((*good, "--level", "9"), ("9 is no level",)),
            ((*good, "--level", "0"), ("0 is no level",)),
            ((*good, "--level", "4"), ("level 4 (traceable)", "--fingerprint NAME")),
            ((*good, "--level", "1", "--fingerprint", "ACME"), ("--fingerprint belongs to level 4", "level 2")),
            ((*good, "--require", "tpm"), ("--require tpm", "'device d' keeps its key in a file", "key folder")),
            ((*good, "--require", "magic"), ("magic",)),
            ((*good, "--to", "d/device.pub"), ("twice", "device d")),
            (but(expires="2020-01-01"), ("2020-01-01", "past")),
            (but(expires="tomorrow"), ("tomorrow", "2027-01-31")),
            (but(model="missing.onnx"), ("missing.onnx",)),
            (but(model="bad.onnx"), ("bad.onnx", "no ONNX file")),
            (but(model="unknown.onnx"), ("Blackbox",)),
            (but(to="bad.pub"), ("bad.pub", "no device's card")),
            (but(to="v/vendor.pub"), ("vendor.pub", "no device's card")),
            (but(keys="nowhere"), ("nowhere", "tacit vendor init")),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.run_tacit("seal", *words, code=USAGE), *parts)
        self.assertEqual(self.files(), before)
        for words, parts in (
            (("vendor", "init", "--keys", "v"), ("'v' is there already", "never overwritten")),
            (("device", "init", "--software", "--keys", "d"), ("'d' is there already", "never overwritten")),
            (("device", "trust", "d/device.pub", "--keys", "d"), ("no vendor's card",)),
            (("run", "m.tacit", "input.npy", "--keys", "nowhere"), ("nowhere", "tacit device init")),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.run_tacit(*words, code=USAGE), *parts)
        self.seal()
        self.refuse("input.npy", "2x63", "1x8x8", x=numpy.zeros((2, 63)))

    def test_a_full_disk(self):
        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

        process = self.seal(out="none.tacit", code=IO, prepare=small)
        self.assert_one_sentence(process, "none.tacit", "make room on the disk")
        self.assertFalse([f for f in self.files() if f.startswith("none.tacit")])

    def test_the_format_is_the_documented_one(self):
        """By other means than the program's: digests, layout and dates of a file that it wrote."""
        self.seal(expires="2999-01-01")
        file = (self.folder / "m.tacit").read_bytes()
        self.assertEqual(file[:16], b"tacit sealed" + struct.pack("<HH", 1, 0))
        head = 20 + struct.unpack("<I", file[16:20])[0]
        records, at = {}, 20
        while at < head:
            kind, size = struct.unpack("<HI", file[at : at + 6])
            records.setdefault(kind, []).append(file[at + 6 : at + 6 + size])
            at += 6 + size
        self.assertEqual(at, head)
        self.assertEqual(sorted(records), list(range(1, 12)))
        kind, chunk, size = struct.unpack("<BIQ", records[8][0])
        self.assertEqual((kind, chunk, size), (1, 65536, MODEL.stat().st_size))
        count = -(-size // chunk)
        digests = [file[head + 64 + 32 * i : head + 96 + 32 * i] for i in range(count)]
        at = head + 64 + 32 * count
        for i, digest in enumerate(digests):
            whole = min(chunk, size - i * chunk) + 16
            self.assertEqual(hashlib.sha256(b"\0" + file[at : at + whole]).digest(), digest)
            at += whole
        self.assertEqual(at, len(file))
        row = digests
        while len(row) > 1:
            pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(row[::2], row[1::2])]
            row = pairs + row[len(pairs) * 2 :]
        self.assertEqual(records[10], row)
        self.assertEqual(records[4], [b"ACME"])
        self.assertEqual(records[5], [b"digits"])
        sealed_at, expires = struct.unpack("<qq", records[6][0])
        self.assertLess(abs(sealed_at - time.time()), 600)
        self.assertEqual(expires, 32472144000)

    def test_the_pages_name_what_there_is(self):
        """Every record and every limit of the format page is the program's."""
        page = (ROOT / "docs/sealed-format.md").read_text()
        header = (ROOT / "src/tacit/sealed/header.cc").read_text()
        types = dict(re.findall(r"\bk(\w+) = (\d+),", header))
        for name, number in types.items():
            self.assertRegex(page, rf"(?m)^\| {number} \|", name)
        for text in re.findall(r'"(tacit [a-z]+(?: [a-z]+)? 1: [a-z ]+)(?:\\n)?"', header):
            self.assertIn(text, page)


if __name__ == "__main__":
    unittest.main()
