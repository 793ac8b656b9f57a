"""Sealing anew what a vendor kept, without the model; and new keys for a vendor's and a device's old ones."""

import json
import shutil
import unittest

from harness import PEER, USAGE
from splitting import MODEL, digits
from swtpm import SoftwareTpm
from test_seal import CHEATED, SealTest, oracle
from test_sealed_split import SplitLevelTest


class AgainTest(SealTest):
    """A vendor in v/, and devices in d/ and e/ that trust it."""

    def setUp(self):
        super().setUp()
        self.device("e")

    def again(self, *options, to="e", out="n.tacit", expires="2999-01-01", **more):
        words = ("seal", "m.tacit", "--to", f"{to}/device.pub", "--expires", expires, "--keys", "v", "-o", out)
        return self.run_tacit(*words, *options, **more)

    def close(self, got):
        want = oracle(str(MODEL), digits(3))
        self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())

    def inspect(self, file):
        return json.loads(self.run_tacit("--json", "inspect", file).out)


class Again(AgainTest):
    def test_to_others_without_the_model(self):
        shutil.copy(MODEL, self.folder / "model.onnx")
        said = self.seal("--keep", "--name", "digits", model="model.onnx").out
        self.assertIn("whoever holds the vendor's key folder opens it, too", said)
        (self.folder / "model.onnx").unlink()
        before = self.files()
        self.again()
        self.assertEqual(self.files() - before, {"n.tacit"})
        self.close(self.run_model("n.tacit", device="e"))
        (self.folder / "out.npy").unlink()
        self.refuse("is not sealed to the device", file="n.tacit", device="d")
        old, new = self.inspect("m.tacit"), self.inspect("n.tacit")
        self.assertEqual((new["model"], new["level"], new["model_bytes"]), ("digits", 1, old["model_bytes"]))
        self.assertEqual(new["expires"], "2999-01-01 00:00:00 UTC")
        self.assertEqual((len(old["recipients"]), len(new["recipients"])), (2, 1))

    def test_what_cannot_be_sealed_anew(self):
        self.seal(out="plain.tacit")
        shutil.copy(self.folder / "plain.tacit", self.folder / "m.tacit")
        self.assert_one_sentence(self.again(code=USAGE), "was not kept by its vendor", "--keep")
        self.seal("--keep")
        self.assert_one_sentence(self.again("--level", "2", code=USAGE), "sealed at level 1", "seal the model itself")
        process = self.again("--fingerprint", "E", code=USAGE)
        self.assert_one_sentence(process, "nobody's copy", "seal the model itself")
        self.assert_one_sentence(self.again(out="m.tacit", code=USAGE), "is the model itself")
        process = self.seal("--kept-by", "v", out="n.tacit", code=USAGE)
        self.assert_one_sentence(process, "--kept-by belongs to a sealed file")
        bad = bytearray((self.folder / "m.tacit").read_bytes())
        bad[-1] ^= 1
        (self.folder / "m.tacit").write_bytes(bad)
        self.assert_one_sentence(self.again(code=CHEATED), "is not what its vendor made")
        self.assertFalse([f for f in self.files() if f.startswith("n.tacit")])

    def test_a_customers_copy_stays_that_customers(self):
        self.seal("--keep", "--fingerprint", "Customer D")
        self.again()
        self.assertEqual(self.inspect("n.tacit")["fingerprint"], "Customer D")
        self.assert_one_sentence(
            self.again("--fingerprint", "Customer E", out="x.tacit", code=USAGE), "the copy of 'Customer D'"
        )
        self.run_model("n.tacit", device="e")

    def test_leases_stay_and_are_noted(self):
        self.seal("--keep", "--lease", "1h", "--lease-from", "vendor.example:7000")
        self.again()
        self.assertEqual(self.inspect("n.tacit")["lease"], {"seconds": 3600, "from": "vendor.example:7000"})
        self.again("--lease", "2h", "--lease-from", "vendor.example:7001", out="o.tacit")
        self.assertEqual(self.inspect("o.tacit")["lease"], {"seconds": 7200, "from": "vendor.example:7001"})
        told = json.loads(self.run_tacit("--json", "vendor", "log", "--keys", "v").out)
        self.assertEqual([e["seconds"] for e in told["entries"]], [3600, 3600, 7200])
        self.refuse("runs under leases alone", file="n.tacit", device="e")

    def test_levels_2_and_4_together(self):
        said = self.seal("--level", "2", "--fingerprint", "Customer D", "--keep").out
        for words in ("Level 2, guarded", "Level 4, traceable", "Fingerprint of 'Customer D'", "a dispute"):
            self.assertIn(words, said)
        told = self.inspect("m.tacit")
        self.assertEqual((told["level"], told["fingerprint"]), (2, "Customer D"))
        self.refuse("sealed at level 2", "would be level 1")
        self.again()
        told = self.inspect("n.tacit")
        self.assertEqual((told["level"], told["fingerprint"]), (2, "Customer D"))


class SplitAgain(SplitLevelTest):
    """Level 3: the segment stays where it is, and its server knows the new devices."""

    def again(self, *options, to="e", out="n.tacit", keys="v", model="m.tacit", json=False, **more):
        first = ["--json"] if json else []
        words = ("seal", model, "--to", f"{to}/device.pub", "--expires", "2999-01-01", "--keys", keys, "-o", out)
        return self.run_tacit(*first, *words, *options, **more)

    def test_to_others_under_a_new_key_without_the_model(self):
        self.device("e")
        self.protect("--keep", "--queries", "9")
        (self.folder / "net.onnx").unlink()
        self.run_tacit("vendor", "rotate", "--keys", "v", "--new-keys", "v2")
        for device in ("d", "e"):
            words = ("device", "trust", "--rotated", "v2/vendor.rotation", "--keys", device)
            self.run_tacit(*words)
        before = self.files()
        said = self.again("--kept-by", "v", "--keep", keys="v2").out
        self.assertIn("Level 3, split", said)
        self.assertIn("The segment stays in m.tacit.segment, whose server lets the new devices in:", said)
        self.assertEqual(self.files() - before, {"n.tacit"})
        # What was sealed anew and kept is sealed anew, and the first device has two files then.
        words = ("--segment", "m.tacit.segment")
        told = json.loads(self.again(*words, model="n.tacit", to="d", out="o.tacit", keys="v2", json=True).out)
        self.assertEqual(told["segment"]["folder"], "m.tacit.segment")
        server = self.serve("m.tacit.segment")
        self.assertIn("to 2 devices", server.err)
        for file, device in (("m.tacit", "d"), ("n.tacit", "e"), ("o.tacit", "d")):
            self.run_model(file, device=device, x=digits(2))
            self.close(digits(2))
            (self.folder / "out.npy").unlink()
        self.refuse("is not sealed to the device", file="n.tacit", device="d")
        # Its questions are a device's, and not a file's.
        self.refuse("9 questions an hour, and 5 are left", file="o.tacit", x=digits(8))
        self.run_tacit("vendor", "revoke", "--segment", "m.tacit.segment", "--device", "d/device.pub")
        for file in ("m.tacit", "o.tacit"):
            self.refuse("the vendor has revoked this device", file=file)

    def test_a_server_that_runs_lets_new_devices_in(self):
        self.device("e")
        self.protect("--keep")
        server = self.serve()
        self.run_model(x=digits(2))
        self.again()
        for file, device in (("n.tacit", "e"), ("m.tacit", "d")):
            self.run_model(file, device=device, x=digits(2))
            self.close(digits(2))
            (self.folder / "out.npy").unlink()
        self.assertIn("to 1 devices", server.err)
        self.assertIn("may ask by now, too", server.err)
        # Of a file that cannot be read the server says what is wrong, and goes on.
        self.again(out="o.tacit")
        toml = self.folder / "m.tacit.segment/segment.toml"
        text = toml.read_text()
        toml.write_text(text + "[[device]]\n")
        self.refuse("your key is not in", file="o.tacit", device="e", x=digits(1), code=PEER)
        self.assertTrue(server.wait_for("no new device can be let in: segment.toml:28: [device #4] id: is missing"), self.stories())
        self.run_model(x=digits(2))
        toml.write_text(text)
        self.run_model("o.tacit", device="e", x=digits(2))

    def test_what_cannot_be_sealed_anew(self):
        self.device("e")
        self.protect(out="plain.tacit")
        self.assert_one_sentence(self.again(model="plain.tacit", code=USAGE), "was not kept by its vendor", "--keep")
        self.protect("--keep")
        toml = self.folder / "m.tacit.segment/segment.toml"
        text = toml.read_text()
        for words, parts in (
            (("--level", "1"), ("sealed at level 3", "seal the model itself")),
            (("--segment", "plain.tacit.segment"), ("of another segment than the file",)),
            (("--segment", "nowhere"), ("is not in 'nowhere'", "--segment")),
            (("--protect", "4-6", "--vendor-address", self.at), ("sealed already", "--protect")),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.again(*words, code=USAGE), *parts)
        self.run_tacit("vendor", "revoke", "--segment", "m.tacit.segment", "--device", "d/device.pub")
        self.assert_one_sentence(self.again(to="d", code=USAGE), "was revoked at the segment", "remove its line")
        self.assertEqual(toml.read_text(), text)
        self.assertFalse([f for f in self.files() if f.startswith("n.tacit")])
        self.seal("--keep", out="one.tacit")
        process = self.again("--segment", "m.tacit.segment", model="one.tacit", code=USAGE)
        self.assert_one_sentence(process, "--segment belongs to level 3")
        process = self.seal("--segment", "x", out="x.tacit", code=USAGE)
        self.assert_one_sentence(process, "--segment belongs to level 3")


class NewKeys(AgainTest):
    def rotate(self, to="v2", keys="v", **more):
        return self.run_tacit("vendor", "rotate", "--keys", keys, "--new-keys", to, **more)

    def follow(self, *options, device="d", keys="v2", **more):
        words = ("device", "trust", "--rotated", f"{keys}/vendor.rotation", "--keys", device)
        return self.run_tacit(*words, *options, **more)

    def test_a_vendors(self):
        self.seal("--keep")
        self.assertIn("keep the old folder", self.rotate().out)
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v2", "-o", "new.tacit")
        self.run_tacit(*words)
        self.refuse("does not trust", file="new.tacit")
        self.follow()
        for file in ("m.tacit", "new.tacit"):
            self.close(self.run_model(file))
            (self.folder / "out.npy").unlink()
        # What the old key kept is sealed anew under the new one.
        words = ("seal", "m.tacit", "--to", "d/device.pub", "--expires", "never", "--keys", "v2", "-o", "n.tacit")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "signed by another vendor")
        self.run_tacit(*words, "--kept-by", "v")
        self.follow("--only-new")
        self.refuse("does not trust", file="m.tacit")
        for file in ("n.tacit", "new.tacit"):
            self.close(self.run_model(file))
            (self.folder / "out.npy").unlink()

    def test_whom_nobody_knew_before(self):
        self.rotate()
        self.device("n", trusts=False)
        self.assert_one_sentence(self.follow(device="n", code=USAGE), "does not trust the key of 'ACME'")
        file = self.folder / "v2/vendor.rotation"
        good = file.read_text()
        time = next(line for line in good.splitlines() if line.startswith("time = "))
        file.write_text(good.replace(time, f"time = {int(time[7:]) + 1}"))
        self.assert_one_sentence(self.follow(code=CHEATED), "a signature is wrong")
        file.write_text(good[:-1])
        self.assert_one_sentence(self.follow(code=USAGE), "is no vendor's rotation")
        self.assert_one_sentence(self.rotate(code=USAGE), "'v2' is there already")
        process = self.run_tacit("device", "trust", "--keys", "d", code=USAGE)
        self.assert_one_sentence(process, "vendor.pub", "--rotated")

    def test_a_devices(self):
        self.seal()
        words = ("device", "rotate", "--keys", "d", "--new-keys", "d2", "--software")
        told = json.loads(self.run_tacit("--json", *words).out)
        self.assertEqual((told["trusts"], told["time_taken_over"], told["kept"]), (1, True, "software"))
        self.refuse("is not sealed to the device", device="d2")
        self.seal(to=("d2",), out="n.tacit")
        self.close(self.run_model("n.tacit", device="d2"))
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "'d2' is there already")

    def test_a_devices_after_its_firmware_changed(self):
        tpm = SoftwareTpm(self)
        self.run_tacit("device", "init", "--keys", "t", "--tpm", tpm.at)
        self.run_tacit("device", "trust", "v/vendor.pub", "--keys", "t")
        self.seal("--keep", to=("t",))
        self.run_model(device="t")
        (self.folder / "out.npy").unlink()
        tpm.extend(7)
        self.refuse("bound to register 7", device="t")
        words = ("device", "rotate", "--keys", "t", "--new-keys", "t2", "--tpm", tpm.at)
        told = json.loads(self.run_tacit("--json", *words).out)
        self.assertEqual((told["trusts"], told["time_taken_over"], told["kept"]), (1, False, "tpm"))
        self.again(to="t2")
        self.close(self.run_model("n.tacit", device="t2"))


if __name__ == "__main__":
    unittest.main()
