"""The audit of models whose layers are kept back: thieves who have the others, on real data, and the search for the
cheapest layers to keep; its numbers, its words and its page."""

import hashlib
import json
import unittest

import numpy

import jobs
import test_page
from browser import PROGRAM, Browser
from harness import IO, ROOT, USAGE, TacitTest

MODEL = ROOT / "examples/data/digits.onnx"

JOB = """[data]
test_fraction = 0.2
shape = [1, 8, 8]
array = { range = [0, 16] }
label = { name = "digit", type = "category", values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }

[model]
[[model.layer]]
kind = "conv2d"
channels = 4
kernel = 3
stride = 2
padding = "same"
[[model.layer]]
kind = "relu"
[[model.layer]]
kind = "dense"
units = 16
[[model.layer]]
kind = "relu"
[[model.layer]]
kind = "dense"

[training]
epochs = 8
batch = 32
[training.optimiser]
rate = 0.2
"""


class StealTest(TacitTest):
    def place_digits(self, count=None):
        """All examples as models take them, and their classes."""
        rows = numpy.array(jobs.digits()[1], dtype=float)[:count]
        self.images, self.labels = rows[:, :-1].reshape(-1, 1, 8, 8), rows[:, -1].astype(int)
        numpy.save(self.folder / "x.npy", self.images / 16)
        numpy.save(self.folder / "y.npy", self.labels)

    def steal(self, model, *options, **more):
        words = ("--json", "--quiet", "audit", "steal", model, "--data", "x.npy", "--labels", "y.npy")
        return json.loads(self.run_tacit(*words, *options, **more).out)

    def curve(self, told, thief):
        (found,) = [c for c in told["curves"] if c["thief"] == thief]
        return {p["queries"]: p for p in found["points"]}


class Told(StealTest):
    """What sealing does not stop, with what the audit measured."""

    def setUp(self):
        super().setUp()
        self.run_tacit("vendor", "init", "--keys", "v", "--name", "ACME")
        self.run_tacit("device", "init", "--software", "--keys", "d")

    def seal(self, *options, model=MODEL, **more):
        words = ("seal", model, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "m.tacit")
        return self.run_tacit("--json", *words, *options, **more)

    def test_the_curve_stands_with_what_is_not_stopped(self):
        self.place_digits()
        told = self.steal(MODEL, "--queries", "30,300,1000", "--epochs", "8")
        self.assertEqual(told["model_digest"], hashlib.sha256(MODEL.read_bytes()).hexdigest())
        curves = [c for c in told["curves"] if c["protected"] == "all"]
        best = {n: max(self.curve(told, c["thief"])[n]["fidelity"] for c in curves) for n in (30, 300, 1000)}
        for options in ((), ("--level", "2"), ("--fingerprint", "Customer")):
            with self.subTest(options):
                sealed = json.loads(self.seal("--audit", "steal.json", *options).out)
                measured = sealed["audit"]
                self.assertEqual({p["queries"]: p["agreement"] for p in measured["curve"]}, best)
                self.assertEqual((measured["guess"], measured["random_questions"]), (told["guess"], False))
                (line,) = [line for line in sealed["does_not_stop"] if "from enough answers" in line]
                for n, agreement in best.items():
                    self.assertIn(f"{n} questions give {100 * agreement:.1f} %", line)
                self.assertIn(f"(a guess: {100 * told['guess']:.1f} %)", line)
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "m.tacit")
        out = self.run_tacit(*words, "--audit", "steal.json").out
        self.assertIn(f"1000 questions give {100 * best[1000]:.1f} %", out)
        self.assertNotIn("was not measured", out)

    def test_without_one_or_with_anothers(self):
        self.assertIsNone(json.loads(self.seal().out)["audit"])
        words = ("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "m.tacit")
        self.assertIn("was not measured: run 'tacit audit steal'", self.run_tacit(*words).out)
        (self.folder / "m.tacit").unlink()
        self.write("none.json", "no report")
        self.write("empty.json", "{}")
        self.write("other.json", json.dumps({"model_digest": "00", "curves": []}))
        digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
        point = {"queries": 10, "fidelity": 0.5}
        good = {"model_digest": digest, "guess": 0.1, "random_questions": True}
        for i, curves in enumerate(([], [{"protected": "2", "points": [point]}])):
            self.write(f"bad{i}.json", json.dumps({**good, "curves": curves}))
        for i, bad in enumerate(({"fidelity": 1.5}, {"fidelity": "x"}, {"queries": -1}, {"queries": 0.5})):
            curves = [{"protected": "all", "points": [{**point, **bad}]}]
            self.write(f"wrong{i}.json", json.dumps({**good, "curves": curves}))
        for report, part in (
            ("other.json", "the audit of another model"),
            *((f"{f}.json", "is no report of 'tacit audit steal'") for f in ("none", "empty", "bad0", "bad1")),
            *((f"wrong{i}.json", "is no report of 'tacit audit steal'") for i in range(4)),
        ):
            with self.subTest(report):
                self.assert_one_sentence(self.seal("--audit", report, code=USAGE), report, part)
        self.assert_one_sentence(self.seal("--audit", "missing.json", code=IO), "missing.json")
        self.assertFalse((self.folder / "m.tacit").exists())


class Stolen(StealTest):
    def train(self):
        """A small network that three parties train on images."""
        self.place_digits()
        numpy.save(self.folder / "images.npy", self.images[:800, 0].astype(numpy.uint8))
        numpy.save(self.folder / "labels.npy", self.labels[:800])
        places = jobs.places({}, (1, 2, 3), ["north"])
        self.write("job.toml", f'[job]\nname = "steal"\n\n{places}{JOB}{jobs.release("model", ["north"])}')
        data = ("--data", "north=images.npy", "--labels", "north=labels.npy")
        self.run_tacit("--quiet", "train", "job.toml", "--local", *data)
        return "local-out/north-out/model.onnx"

    def test_the_layers_of_a_network_that_was_trained_here(self):
        told = self.steal(self.train(), "--queries", "40,300", "--epochs", "6", "--find-protection")
        self.assertEqual(json.loads((self.folder / "steal.json").read_text())["curves"], told["curves"])
        self.assertEqual((told["level"], told["vendor"], told["outputs"], told["held_out"]), (None, None, 10, 599))
        self.assertGreater(told["accuracy"], 0.6)
        self.assertEqual([layer["operator"] for layer in told["layers"]], ["Conv", "Gemm", "Gemm"])
        self.assertEqual([layer["weights"] for layer in told["layers"]], [40, 64 * 16 + 16, 16 * 10 + 10])
        self.assertEqual(told["cost_unit"], "bytes sent online")
        costs = [layer["cost"] for layer in told["layers"]]
        self.assertGreater(min(costs), 0)
        for thief in ("affine", "network", "architecture"):
            (curve,) = [c for c in told["curves"] if c["thief"] == thief]
            self.assertEqual((curve["protected"], len(curve["points"])), ("all", 2))
        self.check_protection(told, costs)

    def check_protection(self, told, costs):
        """What is said follows from what was tried, and nothing cheaper was passed over."""
        p = told["protection"]
        self.assertEqual((p["queries"], p["margin"], p["layers_in_all"], p["complete"]), (300, 0.02, 3, True))
        best = max(self.curve(told, t)[n]["fidelity"] for t in ("affine", "network", "architecture") for n in (40, 300))
        self.assertEqual(p["black_box_fidelity"], best)
        ends = [int(n) for n in p["layers"].split("-")]
        first, last = ends[0], ends[-1]
        self.assertAlmostEqual(p["cost"], sum(costs[first - 1 : last]))
        self.assertEqual(p["whole"], (first, last) == (1, 3))
        tried = {t["layers"]: t for t in p["tried"]}
        for t in p["tried"]:
            limit = best + 0.02
            self.assertEqual(t["enough"], not t["affine"] and t["fidelity"] <= limit, t)
            if t["affine"]:
                self.assertEqual((t["fidelity"], t["how"]), (1, "algebra"))
        if not p["whole"]:
            self.assertLessEqual(p["fidelity"], best + 0.02)
            self.assertEqual(tried[p["layers"]]["fidelity"], p["fidelity"])
        # The layer of the scores has no activation.
        if "3" in tried:
            self.assertTrue(tried["3"]["affine"])
        for first in (1, 2, 3):
            for last in range(first, 4):
                if sum(costs[first - 1 : last]) >= p["cost"]:
                    continue
                around = [t for t in p["tried"] if not t["enough"] and self.holds(t["layers"], first, last)]
                self.assertTrue(around, f"{first}-{last} is cheaper, and was not tried")

    @staticmethod
    def holds(layers, first, last):
        ends = [int(n) for n in layers.split("-")]
        return ends[0] <= first and last <= ends[-1]

    def test_the_last_layer_alone_is_solved(self):
        self.place_digits()
        told = self.steal(MODEL, "--queries", "50,300", "--epochs", "12", "--protect", "3")
        self.assertEqual(told["form"], "affine")
        # One question more than the 64 numbers that go in.
        self.assertEqual(told["algebra"]["queries"], 65)
        self.assertLess(told["algebra"]["residual"], 1e-6)
        (solved,) = self.curve(told, "algebra").values()
        self.assertEqual((solved["fidelity"], solved["accuracy"]), (1, told["accuracy"]))
        # By training, too, who has all other layers gets more than who has none.
        with_layers, without = self.curve(told, "exposed"), self.curve(told, "architecture")
        self.assertGreater(with_layers[50]["fidelity"], without[50]["fidelity"])
        self.assertGreater(with_layers[300]["fidelity"], 0.8)
        self.assertGreater(with_layers[300]["accuracy"], 0.8)
        self.assertNotIn("protection", told)

    def test_a_hidden_layer_is_solved_by_more_questions(self):
        self.place_digits(600)
        told = self.steal(MODEL, "--queries", "50", "--epochs", "1", "--protect", "2")
        self.assertEqual(told["form"], "an affine layer and a Relu")
        self.assertLess(told["algebra"]["residual"], 1e-6)
        # About half of the neurons are seen at each point, and a gradient takes as many questions as inputs.
        self.assertGreater(told["algebra"]["queries"], 2 * 256)
        self.assertLess(told["algebra"]["queries"], 48 * 257)
        (solved,) = self.curve(told, "algebra").values()
        self.assertEqual((solved["fidelity"], solved["accuracy"]), (1, told["accuracy"]))

    def test_a_sealed_model(self):
        self.run_tacit("vendor", "init", "--keys", "v", "--name", "Vendor")
        self.run_tacit("device", "init", "--software", "--keys", "d")
        self.run_tacit("device", "trust", "v/vendor.pub", "--keys", "d")
        self.run_tacit("seal", MODEL, "--to", "d/device.pub", "--expires", "never", "--keys", "v", "-o", "m.tacit")
        self.place_digits(600)
        told = self.steal("m.tacit", "--keys", "d", "--queries", "60", "--epochs", "2", "--protect", "1-2")
        self.assertEqual((told["level"], told["vendor"], told["model"]), (1, "Vendor", "digits"))
        (curve,) = [c for c in told["curves"] if c["thief"] == "exposed"]
        self.assertEqual(curve["protected"], "1-2")
        self.assertEqual(told["form"], "other")  # with the pool between the layers
        self.assertNotIn("algebra", told)

    def test_time_and_words(self):
        self.place_digits(300)
        words = ("--quiet", "audit", "steal", MODEL, "--data", "x.npy", "--queries", "50", "--epochs", "1")
        out = self.run_tacit(*words, "--find-protection", "--minutes", "0.0000001").out
        self.assertIn("The time was over before all", out)
        self.assertIn("conv2d1", out)
        self.assertIn("bytes sent online", out)
        out = self.run_tacit(*words, "--protect", "3").out
        self.assertIn("65 questions", out)
        self.assertIn("has all layers but 3", out)

    def test_mistakes(self):
        self.place_digits(60)
        before = self.files()
        numpy.save(self.folder / "few.npy", numpy.arange(3))
        numpy.save(self.folder / "parts.npy", numpy.arange(60) / 7)
        numpy.save(self.folder / "far.npy", numpy.full(60, 10))
        words = ("audit", "steal", MODEL, "--data", "x.npy", "--queries", "20")
        for more, parts in (
            (("--protect", "4"), ("no layers 4", "3 with weights")),
            (("--protect", "2-1"), ("no layers 2-1",)),
            (("--protect", "all"), ("'all' names no layers",)),
            (("--labels", "few.npy"), ("few.npy", "3 labels", "60 examples")),
            (("--labels", "parts.npy"), ("parts.npy", "no class")),
            (("--labels", "far.npy"), ("a label is 10", "10 classes")),
        ):
            with self.subTest(more):
                self.assert_one_sentence(self.run_tacit(*words, *more, code=USAGE), *parts)
        self.assertEqual(self.files() - before, {"few.npy", "parts.npy", "far.npy"})
        for more in (("--protect", "1", "--find-protection"), ("--margin", "-1")):
            process = self.start(*words, *more)
            self.assertNotEqual(process.wait(), 0)
            self.assertIn(more[0], process.err)


@unittest.skipUnless(PROGRAM, "needs chromium, which './tacit test' installs")
class StolenPage(StealTest):
    def test_the_page_is_drawn_as_it_should(self):
        self.place_digits()
        self.steal(MODEL, "--queries", "30,100,400", "--epochs", "3", "--protect", "3")
        browser = Browser()
        self.addCleanup(browser.close)
        for width in test_page.WIDTHS:
            for scheme in test_page.SCHEMES:
                with self.subTest(width=width, scheme=scheme):
                    page = browser.open(self.folder / "steal.html", width, scheme)
                    try:
                        self.check(page, page.ask(test_page.LOOK))
                    finally:
                        page.close()

    def check(self, page, seen):
        self.assertLessEqual(seen["scroll"], page.width, "the page scrolls sideways")
        self.assertEqual(seen["cut"], [])
        test_page.Pages.check_texts(self, seen["texts"], page)
        self.assertEqual(len(seen["plots"]), 2, "agreement and accuracy, each in one of two drawings")
        for plot in seen["plots"]:
            self.assertIn("narrow" if page.width < 700 else "wide", plot["name"])
            self.assertEqual(plot["outside"], [])
        # Who asks alone in two ways, who knows the layers, and who has some; what is solved is one point.
        self.assertEqual([plot["curves"] for plot in seen["plots"]], [4, 4])
        self.assertEqual((seen["unnamed"], seen["images"], seen["language"]), (0, 0, "en"))
        self.assertEqual(page.complaints(), [])
        self.assertEqual([a for a in page.requested() if not a.startswith("file://")], [])


if __name__ == "__main__":
    unittest.main()
