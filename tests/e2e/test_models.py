"""Models from ONNX files: what 'tacit check' says of them, that nothing runs where it says no, and that what is trained
from them is the same to ONNX Runtime."""

import json
import sys
import unittest

import numpy
import onnxruntime

import jobs
import onnx_writer
from harness import ROOT, USAGE, TacitTest

sys.path.insert(0, str(ROOT / "tests/onnx"))
import make_models  # noqa: E402

RELEASES = "".join(jobs.release(what, ["north"]) for what in ("metric", "model", "scores"))

DIGITS = """[data]
test_fraction = 0.2
shape = [1, 8, 8]
array = { range = [0, 16] }
label = { name = "digit", type = "category", values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }

[model]
MODEL

[training]
epochs = 1
batch = 32
[training.optimiser]
rate = 0.1
"""

RESIDUAL = """[[model.layer]]
kind = "conv2d"
channels = 4
kernel = 3
padding = "same"
[[model.layer]]
kind = "residual"
[[model.layer.layer]]
kind = "conv2d"
channels = 6
kernel = 3
stride = 2
padding = "same"
[[model.layer.layer]]
kind = "batch_norm"
[[model.layer.layer]]
kind = "relu"
[[model.layer]]
kind = "global_average_pool"
[[model.layer]]
kind = "flatten"
[[model.layer]]
kind = "dense"
"""


def unsupported():
    m = onnx_writer.Model()
    x = m.input("x", ["N", 1, 8, 8])
    bent = m.node("Mish", [x])
    whole = m.node("Cast", [m.node("Relu", [x])], to=7)
    shrunk = m.node("CumSum", [m.node("Shrink", [x]), m.weight("axis", numpy.array(1))])
    m.node("Sum", [bent, whole, shrunk, m.node("Det", [x])], "y")
    m.output("y", ["N", 10])
    return m.bytes()


class Models(TacitTest):
    def place(self, name, content):
        (self.folder / name).write_bytes(content)

    def check(self, name, code=0):
        return json.loads(self.run_tacit("--json", "check", name, code=code).out)

    def test_a_model_that_is_supported(self):
        told = self.check(str(ROOT / "examples/data/digits.onnx"))
        self.assertTrue(told["supported"])
        self.assertTrue(all(line["supported"] for line in told["operators"]))
        self.assertEqual(told["bytes"], sum(line["bytes"] for line in told["operators"]))
        self.assertGreater(told["rounds"], 0)
        process = self.run_tacit("check", str(ROOT / "examples/data/digits.onnx"))
        self.assertIn("Everything is supported", process.out)
        for line in told["operators"]:
            self.assertRegex(process.out, rf"(?m)^{line['operator']} +{line['nodes']} ")

    def test_models_as_pytorch_exports_them(self):
        for name, model in make_models.models().items():
            with self.subTest(name):
                self.place(f"{name}.onnx", model.SerializeToString())
                told = self.check(f"{name}.onnx")
                self.assertTrue(told["supported"])
                self.assertEqual(told["opset"], 18)
                counts = {line["operator"]: line["nodes"] for line in told["operators"]}
                if name.startswith("resnet50"):
                    self.assertEqual((counts["Conv"], counts["Relu"], counts["Add"]), (53, 49, 16))
                # What computes shapes is computed while the file is read.
                shapes = {"Shape", "ConstantOfShape", "Cast", "Sqrt"}
                # These join images, and weights of several parameters.
                if not name.startswith(("gru", "lstm", "unet")):
                    shapes |= {"Concat", "Slice"}
                for line in told["operators"]:
                    if line["operator"] in shapes:
                        self.assertEqual(line["left_out"], line["nodes"], line["operator"])

    def test_all_that_is_not_is_listed_with_what_to_use_instead(self):
        self.place("model.onnx", unsupported())
        told = self.check("model.onnx", USAGE)
        lines = {line["operator"]: line for line in told["operators"]}
        self.assertFalse(told["supported"])
        refused = {name for name, line in lines.items() if not line["supported"]}
        self.assertEqual(refused, {"Mish", "Cast", "Shrink", "CumSum", "Det"})
        self.assertIn("HardSwish", lines["Mish"]["instead"])
        self.assertGreater(lines["Mish"]["price_bytes"], 0)
        self.assertGreater(lines["Mish"]["price_rounds"], 0)
        self.assertIn("trained again", lines["Mish"]["price"])
        self.assertIn("rounds or tests numbers", lines["Cast"]["problems"][0])
        self.assertEqual((lines["Det"]["price"], lines["Det"]["price_bytes"]), ("nothing in a run", None))
        self.assertTrue(lines["Relu"]["supported"])
        process = self.run_tacit("check", "model.onnx", code=USAGE)
        for word in ("HardSwish", "price: ", "rounds and", "my-model-does-not-import.md"):
            self.assertIn(word, process.out)

    def job(self, model):
        places = jobs.places({}, (1, 2, 3), ["north"])
        self.write("job.toml", f'[job]\nname = "models"\n\n{places}{DIGITS.replace("MODEL", model)}{RELEASES}')
        values = numpy.array(jobs.digits()[1], dtype=float)[:160]
        self.images = values[:, :-1].reshape(-1, 8, 8)
        numpy.save(self.folder / "images.npy", self.images.astype(numpy.uint8))
        numpy.save(self.folder / "labels.npy", values[:, -1].astype(numpy.int64))

    def train(self, code=0):
        words = ("train", "job.toml", "--local", "--clear", "--data", "north=images.npy", "--labels", "north=labels.npy")
        return self.run_tacit("--json", "--quiet", *words, code=code)

    def test_a_run_says_it_before_it_begins(self):
        self.place("model.onnx", unsupported())
        self.job('file = "model.onnx"')
        process = self.train(USAGE)
        self.assert_one_sentence(process, "Mish", "Shrink", "Det", "rounds or tests numbers", "tacit check model.onnx")
        self.assertFalse([f for f in self.files() if f.startswith("local-out/") and f.endswith(".json")])

    def assert_same_scores(self, bound):
        """1,000 inputs, of which the trained model's scores are asked for and computed by ONNX Runtime."""
        source = numpy.random.default_rng(3)
        asked = source.integers(0, 17, (1000, 8, 8)).astype(numpy.uint8)
        asked[: len(self.images)] = self.images
        numpy.save(self.folder / "questions.npy", asked)
        self.run_tacit("--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", "questions.npy")
        scores = numpy.array(self.table("local-out/north-out/scores.csv")[1:], dtype=float)
        session = onnxruntime.InferenceSession(
            self.folder / "local-out/north-out/model.onnx", providers=["CPUExecutionProvider"]
        )
        declared = session.get_modelmeta().custom_metadata_map.get("tacit.score_bound")
        bound = float(declared) if declared else bound
        inputs = (asked.astype(numpy.float32) / 16)[:, None]
        wanted = session.run(None, {session.get_inputs()[0].name: inputs})[0]
        self.assertLessEqual(float(abs(scores - wanted).max()), bound + 1e-4)
        top = numpy.sort(wanted, axis=1)
        clear = top[:, -1] - top[:, -2] > 2 * bound
        self.assertGreater(clear.sum(), 400)
        self.assertTrue((scores.argmax(1) == wanted.argmax(1))[clear].all())
        told = self.check("local-out/north-out/model.onnx")
        self.assertTrue(told["supported"])
        return told

    def test_a_transformer_block_comes_and_goes(self):
        for opset, ir_version in ((17, 8), (21, 10)):
            with self.subTest(opset=opset):
                self.place("block.onnx", onnx_writer.transformer(8, 8, 2, 10, opset, ir_version))
                self.assertEqual(self.check("block.onnx")["opset"], opset)
                self.job('file = "block.onnx"')
                report = json.loads(self.train().out)
                self.assertLessEqual(abs(report["accuracy"]["private"] - report["accuracy"]["clear"]), 0.13)
                told = self.assert_same_scores(0.005)
                names = {line["operator"] for line in told["operators"]}
                self.assertLessEqual({"LayerNormalization", "Softmax", "Gather", "MatMul"}, names)

    def test_residual_blocks_go(self):
        self.job(RESIDUAL)
        self.train()
        told = self.assert_same_scores(0.005)
        self.assertIn("Add", {line["operator"] for line in told["operators"]})


if __name__ == "__main__":
    unittest.main()
