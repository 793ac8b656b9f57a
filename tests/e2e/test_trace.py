"""Copies with fingerprints: a vendor seals a network to customers, one of them takes its copy out of the sealed file and
changes it, and the vendor names it; and nobody where it is nobody's."""

import gzip
import json
import unittest

from harness import ROOT, USAGE, TacitTest
from splitting import MODEL
from thief import Digits, averaged, in_eight_bits, pruned, stolen, to_int8, weights, with_weights

import numpy
import onnxruntime


def digits():
    with gzip.open(ROOT / "examples/data/digits.csv.gz", "rt") as file:
        rows = numpy.array([[float(v) for v in line.split(",")] for line in file.read().splitlines()[1:]])
    return Digits(rows[:, :64].reshape(-1, 1, 8, 8) / 16, rows[:, 64].astype(int))


class TraceTest(TacitTest):
    """A vendor in v/, and a device in d/ that opens everybody's copy."""

    def setUp(self):
        super().setUp()
        self.run_tacit("vendor", "init", "--keys", "v", "--name", "Vendor")
        self.run_tacit("device", "init", "--software", "--keys", "d")
        self.run_tacit("device", "trust", "v/vendor.pub", "--keys", "d")
        self.data = digits()

    def seal(self, customer, *options, model=MODEL, out="m.tacit", **more):
        words = ("--json", "seal", model, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", out)
        return self.run_tacit(*words, "--fingerprint", customer, *options, **more)

    def copy(self, customer):
        """The text that a customer takes out of its sealed file."""
        self.seal(customer)
        return stolen(self.folder / "m.tacit", self.folder / "d")

    def trace(self, model, *options):
        (self.folder / "leaked.onnx").write_bytes(model)
        return json.loads(self.run_tacit("--json", "trace", "leaked.onnx", "--keys", "v", *options).out)


class Traced(TraceTest):
    def test_a_copy_and_what_is_done_to_it(self):
        """Everything that the issue of sealed models lists, one after the other and some together."""
        for customer in ("Betty & Sons", "Curio", "Dart"):
            self.seal(customer)
        model, other = self.copy("ACME"), weights(self.copy("Eve"))
        w, d = weights(model), self.data
        tenth = numpy.random.default_rng(2).permutation(len(d.labels))[: len(d.labels) // 10]
        tuned = d.trained_on(w, tenth, 5)
        for name, changed, whose in (
            ("as it is", w, ["ACME"]),
            ("trained on for 5 epochs with a tenth of the data", tuned, ["ACME"]),
            ("half of the weights pruned", pruned(w), ["ACME"]),
            ("int8", to_int8(w), ["ACME"]),
            ("neurons moved and scaled", d.shuffled(w), ["ACME"]),
            ("moved, scaled, then pruned", pruned(d.shuffled(w)), ["ACME"]),
            ("all of that", d.shuffled(to_int8(pruned(tuned))), ["ACME"]),
            ("the average of two copies", averaged(w, other), ["ACME", "Eve"]),
            ("the average, trained on", d.trained_on(averaged(w, other), tenth, 5), ["ACME", "Eve"]),
            ("the average, moved and pruned", pruned(d.shuffled(averaged(w, other))), ["ACME", "Eve"]),
        ):
            with self.subTest(name):
                told = self.trace(with_weights(model, changed))
                self.assertEqual(sorted(told["named"]), whose)
                self.assertEqual(told["copies"], 5)
                for s in told["suspicions"]:
                    self.assertEqual(s["named"], s["score"] >= told["threshold"])
                    if s["named"]:
                        self.assertLess(s["log10_bound_over_all"], -6)
        with self.subTest("half precision"):
            self.assertEqual(self.trace(with_weights(model, w, numpy.float16))["named"], ["ACME"])
        with self.subTest("a file of int8"):
            self.assertEqual(self.trace(in_eight_bits(model))["named"], ["ACME"])
        # What these attacks leave is worth stealing.
        for changed in (tuned, pruned(w), to_int8(w), d.shuffled(w), averaged(w, other)):
            self.assertGreater(d.accuracy(changed), 0.9)

    def test_nobody(self):
        for customer in ("ACME", "Betty"):
            self.seal(customer)
        original = MODEL.read_bytes()
        self.assertEqual(self.trace(original)["named"], [])
        w, d = weights(original), self.data
        tuned = d.trained_on(w, numpy.arange(180), 5)
        told = self.trace(with_weights(original, tuned))
        self.assertEqual((told["named"], told["model"]), ([], "digits"))
        process = self.run_tacit("trace", "leaked.onnx", "--keys", "v")
        self.assertIn("Nobody: no score of 2 copies reaches", process.out)
        self.assertIn("distilled", process.out)
        source = numpy.random.default_rng(3)
        unrelated = {name: source.normal(0, x.std() + 0.01, x.shape) for name, x in w.items()}
        told = self.trace(with_weights(original, unrelated))
        self.assertEqual((told["named"], told["model"]), ([], None))
        out = self.run_tacit("trace", "leaked.onnx", "--keys", "v").out
        self.assertIn("a copy of none of the models", out)
        self.assertIn("distilled", out)

    def test_the_change_is_small_and_told(self):
        numpy.save(self.folder / "probe.npy", self.data.images)
        process = self.seal("ACME", "--probe", "probe.npy")
        told = json.loads(process.out)
        mark = told["fingerprint"]
        self.assertEqual((told["level"], told["level_name"]), (4, "traceable"))
        self.assertEqual((mark["customer"], mark["colluders"], mark["weights"]), ("ACME", 2, 17168))
        self.assertEqual(mark["false_accusation"], 1e-6)
        self.assertEqual(mark["change"]["examples"], len(self.data.labels))
        before, after = weights(MODEL.read_bytes()), weights(stolen(self.folder / "m.tacit", self.folder / "d"))
        # One image more or less is 0.06 points.
        copies = [after, weights(self.copy("Betty")), weights(self.copy("Curio"))]
        accuracy = sum(self.data.accuracy(w) for w in copies) / len(copies)
        self.assertLessEqual(self.data.accuracy(before) - accuracy, 0.001)
        # What is told is what another program measures.
        a, b = (self.scores(w) for w in (before, after))
        relative = numpy.sqrt(((a - b) ** 2).sum() / (a**2).sum())
        self.assertAlmostEqual(mark["change"]["relative"], relative, places=4)
        self.assertEqual(mark["change"]["same_answer"], int((a.argmax(1) == b.argmax(1)).sum()))
        for name, x in before.items():
            rows = x.reshape(len(x), -1)
            scale = numpy.sqrt((rows**2).mean(1, keepdims=True))
            moved = abs(after[name].reshape(rows.shape) - rows)
            self.assertTrue((moved <= 0.0201 * scale).all() if name.endswith("weight") else (moved == 0).all(), name)

    def scores(self, w):
        session = onnxruntime.InferenceSession(with_weights(MODEL.read_bytes(), w))
        return session.run(None, {session.get_inputs()[0].name: self.data.images.astype(numpy.float32)})[0]

    def test_the_device_runs_its_copy(self):
        self.seal("ACME")
        numpy.save(self.folder / "input.npy", self.data.images[:5])
        self.run_tacit("run", "m.tacit", "input.npy", "--keys", "d", "-o", "out.npy")
        copy = onnxruntime.InferenceSession(stolen(self.folder / "m.tacit", self.folder / "d"))
        want = copy.run(None, {copy.get_inputs()[0].name: self.data.images[:5].astype(numpy.float32)})[0]
        got = numpy.load(self.folder / "out.npy")
        self.assertLessEqual(abs(got - want).max(), 1e-5 * abs(want).max())
        told = json.loads(self.run_tacit("--json", "inspect", "m.tacit", "--keys", "d").out)
        self.assertEqual((told["fingerprint"], told["level"]), ("ACME", 4))

    def test_one_fingerprint_a_customer(self):
        first, again, other = self.copy("ACME"), self.copy("ACME"), self.copy("Betty")
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        self.assertEqual(self.trace(first)["copies"], 2)

    def test_what_lies_on_the_vendors_disk(self):
        self.seal("ACME", "--customers", "who.db")
        self.assertTrue((self.folder / "who.db").exists())
        copy = stolen(self.folder / "m.tacit", self.folder / "d")
        self.assertEqual(self.trace(copy, "--customers", "who.db")["named"], ["ACME"])
        needle = weights(MODEL.read_bytes())["dense1.weight"].astype("<f4").tobytes()[:16]
        for name in self.files() - {"leaked.onnx"}:
            self.assertNotIn(needle, (self.folder / name).read_bytes(), name)
        # The database alone, with another vendor's key, tells nothing.
        self.run_tacit("vendor", "init", "--keys", "other", "--name", "Other")
        words = ("trace", "leaked.onnx", "--keys", "other", "--customers", "who.db")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "originals")

    def test_mistakes_are_told_in_a_sentence(self):
        self.write("bad.onnx", "no model")
        self.write("bad.db", "no database, though long enough to look like one of them. " * 20)
        good = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "none.tacit")
        before = self.files()
        for words, parts in (
            ((*good, "--level", "4"), ("level 4 (traceable) needs --fingerprint",)),
            ((*good, "--level", "1", "--fingerprint", "ACME"), ("--fingerprint belongs to level 4",)),
            ((*good, "--probe", "x.npy"), ("belong to --fingerprint",)),
            ((*good, "--fingerprint", ""), ("--fingerprint needs a name",)),
            ((*good, "--fingerprint", "a\nb"), ("no name for a customer",)),
            (("trace", MODEL, "--keys", "v"), ("no database of customers", "--customers")),
            (("trace", MODEL, "--keys", "v", "--customers", "bad.db"), ("bad.db", "cannot be used")),
            (("trace", MODEL, "--keys", "nowhere"), ("nowhere", "tacit vendor init")),
        ):
            with self.subTest(words=words):
                self.assert_one_sentence(self.run_tacit(*words, code=USAGE), *parts)
        self.assertEqual(self.files(), before)
        self.seal("ACME")
        words = ("trace", "bad.onnx", "--keys", "v")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "bad.onnx", "no ONNX file")

    def test_a_model_that_is_too_small_is_refused(self):
        from onnx_writer import Model

        m = Model()
        x = m.input("x", ["N", 64])
        m.node("MatMul", [x, m.weight("w", numpy.random.default_rng(1).normal(size=(64, 10)))], "y")
        m.output("y", ["N", 10])
        self.write("small.onnx", "").write_bytes(m.bytes())
        before = self.files()
        process = self.seal("ACME", model="small.onnx", code=USAGE)
        self.assert_one_sentence(process, "'small' has 640 weights", "needs 14560", "without --fingerprint")
        self.assertEqual(self.files(), before)

    def test_a_copy_under_leases(self):
        process = self.seal("ACME", "--lease", "8h", "--lease-from", "vendor.example:7000")
        told = json.loads(process.out)
        self.assertEqual((told["level"], told["fingerprint"]["customer"]), (4, "ACME"))
        self.assertEqual(told["lease"], {"seconds": 28800, "from": "vendor.example:7000"})
        self.assertTrue([line for line in told["does_not_stop"] if "the rest of a lease" in line])
        numpy.save(self.folder / "input.npy", self.data.images[:1])
        process = self.run_tacit("run", "m.tacit", "input.npy", "--keys", "d", code=USAGE)
        self.assert_one_sentence(process, "under leases alone")
        self.assertEqual(self.trace(stolen(self.folder / "m.tacit", self.folder / "d"))["named"], ["ACME"])
        words = ("--lease", "1h", "--lease-from", "nowhere")
        self.assert_one_sentence(self.seal("Betty", *words, code=USAGE), "nowhere")
        # Nobody is noted for a file that was never made.
        self.assertEqual(self.trace(MODEL.read_bytes())["copies"], 1)

    def test_what_it_does_not_stop_is_said(self):
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "m.tacit")
        out = self.run_tacit(*words, "--fingerprint", "ACME").out
        self.assertIn("Level 4, traceable: all of level 1", out)
        said = out[out.index("It does not stop:") :]
        for part in ("key folder", "bears its fingerprint", "tacit audit steal", "mix their copies", "proves nothing"):
            self.assertIn(part, said)
        self.assertIn("Fingerprint of 'ACME': 910 positions on 17168 weights", out)
        (self.folder / "leaked.onnx").write_bytes(stolen(self.folder / "m.tacit", self.folder / "d"))
        out = self.run_tacit("trace", "leaked.onnx", "--keys", "v").out
        self.assertIn("ACME", out)
        self.assertIn("proves nothing to others", out)
        self.assertIn("distilled", out)


class Audited(TraceTest):
    def test_stealing_by_asking(self):
        self.seal("ACME")
        numpy.save(self.folder / "x.npy", self.data.images)
        words = ("--json", "--quiet", "audit", "steal", "m.tacit", "--keys", "d", "--inputs", "x.npy")
        told = json.loads(self.run_tacit(*words, "--queries", "30,1000", "--epochs", "30").out)
        self.assertEqual(json.loads((self.folder / "steal.json").read_text())["curve"], told["curve"])
        self.assertEqual((told["level"], told["fingerprint"], told["inputs"], told["outputs"]), (4, "ACME", 64, 10))
        self.assertEqual((told["held_out"], told["random_questions"]), (599, False))
        self.assertEqual(told["from_inside"]["queries"], 0)
        points = {(p["thief"], p["queries"]): p["agreement"] for p in told["curve"]}
        self.assertEqual(set(points), {(t, n) for t in ("affine", "network") for n in (30, 1000)})
        self.assertGreater(points["network", 1000], points["network", 30])
        self.assertGreater(points["network", 1000], 0.9)
        self.assertLess(told["guess"], 0.2)
        page = (self.folder / "steal.html").read_text()
        self.assertIn("<svg", page)
        self.assertIn("bears the fingerprint of", page)
        self.assertNotIn("<script", page)

    def test_with_random_questions(self):
        self.seal("ACME")
        words = ("audit", "steal", "m.tacit", "--keys", "d", "--queries", "100", "--epochs", "2", "--held-out", "50")
        out = self.run_tacit("--quiet", *words, "-o", "a/s.json", "--html", "a/s.html").out
        self.assertIn("random numbers", out)
        self.assertTrue((self.folder / "a/s.html").exists())
        for more, parts in (
            (("--queries", "0"), ("queries",)),
            (("--inputs", "none.npy"), ("none.npy",)),
        ):
            process = self.start("audit", "steal", "m.tacit", "--keys", "d", *more)
            self.assertNotEqual(process.wait(), 0)
            for part in parts:
                self.assertIn(part, process.err)
        self.run_tacit("device", "init", "--software", "--keys", "n")
        process = self.run_tacit("audit", "steal", "m.tacit", "--keys", "n", code=USAGE)
        self.assert_one_sentence(process, "does not trust")


if __name__ == "__main__":
    unittest.main()
