"""Level 3 of sealed models: some layers stay with the vendor, whose server devices ask without showing their data."""

import json
import signal
import struct
import unittest

from harness import DONE, PEER, USAGE, free_ports
from onnx_writer import Model
from splitting import digits
from test_seal import SealTest, oracle

import numpy

RARE = 0.7316529


def network():
    """Seven nodes over digits: Flatten, Gemm, Relu | Gemm, Relu, Gemm | Softmax. The fourth bears RARE."""
    random = numpy.random.default_rng(1)
    m = Model()
    x = m.node("Flatten", [m.input("x", ["N", 1, 8, 8])], axis=1)
    sizes = (64, 24, 16, 10)
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        values = random.normal(0, 1 / inputs**0.5, (outputs, inputs))
        if i == 1:
            values[:3] = RARE
        w = m.weight(f"w{i}", values)
        b = m.weight(f"b{i}", random.normal(0, 0.1, outputs))
        x = m.node("Gemm", [x, w, b], f"dense{i}", transB=1)
        if i < 2:
            x = m.node("Relu", [x], f"relu{i}")
    m.node("Softmax", [x], "y", axis=1)
    m.output("y", ["N", 10])
    return m.bytes()


class SplitLevelTest(SealTest):
    def setUp(self):
        super().setUp()
        (port,) = free_ports(1)
        self.at = f"127.0.0.1:{port}"
        self.write("net.onnx", "").write_bytes(network())

    def protect(self, *options, nodes="4-6", to=("d",), out="m.tacit", **more):
        words = ("--level", "3", "--protect", nodes, "--vendor-address", self.at, *options)
        return self.seal(*words, model="net.onnx", to=to, out=out, **more)

    def serve(self, folder="m.tacit.segment", *options):
        server = self.start("serve", folder, *options, name="vendor's server")
        self.assertTrue(server.wait_for("serving the segment"), self.stories())
        return server

    def close(self, x):
        got = numpy.load(self.folder / "out.npy")
        want = oracle(network(), x)
        self.assertEqual(got.shape, want.shape)
        self.assertLess(abs(got - want).max(), 0.02)


class SplitLevel(SplitLevelTest):
    def test_answers_are_the_models(self):
        told = self.protect().out
        self.assertIn("Level 3, split: chosen layers never leave the vendor in any form", told)
        self.assertIn("It does not stop:", told)
        self.assertIn("Nodes 4 to 6 of 7 (Gemm, Relu, Gemm) stay with you, in m.tacit.segment", told)
        self.serve()
        self.run_model(x=digits(3))
        self.close(digits(3))
        words = json.loads(self.run_tacit("--json", "inspect", "m.tacit").out)
        self.assertEqual((words["level"], words["level_name"]), (3, "split"))
        segment = words["segment"]
        self.assertEqual((segment["at"], segment["queries_an_hour"]), (self.at, 100))
        self.assertEqual((segment["input"], segment["output"]), ([24], [10]))
        shown = self.run_tacit("inspect", "m.tacit").out
        self.assertIn(f"at its vendor, {self.at}: 24 in, 10 out", shown)
        self.assertIn("100 questions an hour and device", shown)

    def test_nodes_by_name_and_a_range(self):
        self.protect("--input-range", "0,1", "--fraction", "12", "--segment", "kept", nodes="node_dense1..node_dense2")
        segment = json.loads(self.run_tacit("--json", "inspect", "m.tacit").out)["segment"]
        self.assertEqual(segment["fraction"], 12)
        self.serve("kept")
        self.run_model(x=digits(2))
        self.close(digits(2))
        (self.folder / "out.npy").unlink()
        self.refuse("example 1: its number", "take numbers from", "scale the example", x=1e4 * digits(1))

    def test_no_weight_of_it_is_in_the_file(self):
        self.protect()
        file = (self.folder / "m.tacit").read_bytes()
        for form in (struct.pack("<f", RARE), struct.pack("<d", RARE)):
            self.assertNotIn(form, file)
        # The vendor's part has it, in its numbers, and is the vendor's alone.
        fixed = struct.pack("<q", round(RARE * 2**10)) * 3
        self.assertNotIn(fixed, file)
        folder = self.folder / "m.tacit.segment"
        self.assertIn(fixed, (folder / "vendor.part").read_bytes())
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        for name in ("vendor.part", "server.key", "segment.toml"):
            self.assertEqual((folder / name).stat().st_mode & 0o777, 0o600)

    def test_what_protects_nothing_is_refused(self):
        before = self.files()
        for nodes, parts in (
            ("4", ("affine between what the device sees", "25 questions")),
            ("4-5", ("one layer of weights", "protect two layers")),
            ("4-7", ("Softmax", "leave it to the device")),
            ("1-9", ("nodes 1 to 7", "none of number 9")),
            ("dense7", ("no node", "did you mean 'node_")),
        ):
            with self.subTest(nodes=nodes):
                process = self.protect(nodes=nodes, code=USAGE)
                self.assert_one_sentence(process, *parts)
                # And people are shown which nodes there are.
                self.assertEqual(len(process.out.splitlines()), 8)
        for words, parts in (
            (("--level", "3"), ("level 3 (split)", "--protect NODES")),
            (("--level", "1", "--protect", "4-6", "--vendor-address", self.at), ("level 3 (split)", "belong together")),
            (("--protect", "4-6", "--vendor-address", "nowhere"), ("nowhere",)),
            (("--protect", "4-6", "--vendor-address", self.at, "--fingerprint", "A"), ("bears no fingerprint",)),
            (("--protect", "4-6", "--vendor-address", self.at, "--input-range", "1"), ("--input-range takes",)),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.seal(*words, model="net.onnx", code=USAGE), *parts)
        self.assertEqual(self.files(), before)

    def test_who_may_ask(self):
        self.device("e")
        self.device("f")
        self.protect(to=("d", "e"))
        server = self.serve()
        self.refuse("is not sealed to the device 'device f'", device="f")
        self.run_tacit("vendor", "revoke", "--segment", "m.tacit.segment", "--device", "e/device.pub")
        self.refuse("the vendor has revoked this device", device="e")
        self.run_model(x=digits(1))
        self.close(digits(1))
        (self.folder / "out.npy").unlink()
        server.end()
        # Without its entry a device is nobody.
        file = self.folder / "m.tacit.segment/segment.toml"
        head, *devices = file.read_text().split("\n[[device]]\n")
        kept = [d for d in devices if self.access_id("e") in d]
        self.assertEqual(len(kept), 1)
        file.write_text("\n[[device]]\n".join([head, *kept]))
        server = self.serve()
        self.refuse("does not take this device", self.at, code=PEER)
        self.assertTrue(server.wait_for("turned away"), self.stories())

    def access_id(self, device):
        """A device's key, as its card tells it."""
        return (self.folder / f"{device}/device.pub").read_text().split("key = ")[1].splitlines()[0]

    def test_questions_are_limited(self):
        self.protect("--queries", "4")
        server = self.serve()
        self.refuse("allows this device 4 questions an hour", "no more at once", x=digits(5))
        self.run_model(x=digits(3))
        (self.folder / "out.npy").unlink()
        server.end()
        self.serve()
        self.refuse("4 questions an hour, and 1 are left now: ask again in", x=digits(3))
        self.run_model(x=digits(1))

    def test_a_server_that_is_gone(self):
        self.protect()
        self.refuse("the vendor's server at", self.at, code=PEER)
        server = self.serve()
        numpy.save(self.folder / "input.npy", digits(20))
        device = self.start("run", "m.tacit", "input.npy", "--keys", "d", "-o", "out.npy", name="device")
        self.assertTrue(server.wait_for("answering device-"), self.stories())
        server.send(signal.SIGKILL)
        self.assertEqual(device.wait(), PEER, self.stories())
        self.assert_one_sentence(device, "the vendor's server at", self.at)
        self.assertFalse((self.folder / "out.npy").exists())

    def test_several_devices_at_a_time(self):
        """One that stopped in the middle of a question holds up nobody, also where there is no other place."""
        self.device("e")
        self.protect(to=("d", "e"))
        server = self.serve("m.tacit.segment", "--at-once", "2")
        self.assertIn("to 2 devices", server.err)
        self.assertIn("up to 2 at a time", server.err)
        numpy.save(self.folder / "input.npy", digits(20))
        stopped = self.start("run", "m.tacit", "input.npy", "--keys", "d", "-o", "d.npy", name="device d")
        self.assertTrue(server.wait_for("answering device-"), self.stories())
        stopped.send(signal.SIGSTOP)
        self.run_model(x=digits(2), device="e")
        self.close(digits(2))
        (self.folder / "out.npy").unlink()
        stopped.send(signal.SIGKILL)
        server.end()
        server = self.serve("m.tacit.segment", "--at-once", "1")
        numpy.save(self.folder / "input.npy", digits(20))
        stopped = self.start("run", "m.tacit", "input.npy", "--keys", "d", "-o", "d.npy", name="device d")
        self.assertTrue(server.wait_for("answering device-"), self.stories())
        stopped.send(signal.SIGSTOP)
        self.run_model(x=digits(2), device="e")
        self.close(digits(2))
        (self.folder / "out.npy").unlink()
        stopped.send(signal.SIGKILL)
        self.assertFalse((self.folder / "d.npy").exists())
        # What a session that broke had asked for is spent.
        self.refuse("100 questions an hour, and 6", "are left now", x=digits(90))
        self.assert_one_sentence(self.run_tacit("serve", "m.tacit", "--at-once", "2", code=USAGE), "deployment")

    def test_of_another_sealing_it_fits_no_file(self):
        self.protect()
        self.protect("--segment", "other", out="other.tacit")
        self.serve("other")
        self.refuse("the vendor's server at", code=PEER)
        self.run_model(file="other.tacit")

    def test_under_a_lease_and_in_other_hands(self):
        self.protect("--lease", "1h", "--lease-from", "127.0.0.1:9")
        self.refuse("runs under leases alone")
        self.assertEqual(self.run_tacit("--json", "inspect", "m.tacit", code=DONE).err, "")


if __name__ == "__main__":
    unittest.main()
