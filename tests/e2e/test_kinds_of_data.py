"""Data and labels of other kinds than the first example's: arrays with labels in a file of their own, a
number to predict, compressed tables, links that are slowed down."""

import gzip
import json
import unittest

import numpy
import onnxruntime

import jobs
from harness import USAGE, TacitTest

RELEASES = "".join(jobs.release(what, ["north"]) for what in ("metric", "model", "predictions", "scores"))

IMAGES = """[data]
test_fraction = 0.2
shape = [1, 8, 8]
array = { range = [0, 16] }
label = { name = "digit", type = "category", values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }

[model]
network = "logistic"

[training]
epochs = 4
batch = 32
[training.optimiser]
rate = 0.5
"""

PRICES = """[data]
test_fraction = 0.2
metric = "mse"
label = { name = "price", type = "number", range = [100, 500] }
column = [
  { name = "size", type = "number", range = [0, 200] },
  { name = "rooms", type = "number", range = [1, 9] },
]

[model]
network = "linear"

[training]
epochs = 10
batch = 32
loss = "squared_error"
[training.optimiser]
rate = 0.5
"""


class KindsOfData(TacitTest):
    def job(self, body):
        places = jobs.places({}, (1, 2, 3), ["north"])
        self.write("job.toml", f'[job]\nname = "kinds"\n\n{places}{body}{RELEASES}')

    def train(self, *more):
        words = ("--json", "--quiet", "train", "job.toml", "--local", "--clear", *more)
        return json.loads(self.run_tacit(*words).out)

    def predict(self, data):
        self.run_tacit("--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", data)
        answers, scores = (self.table(f"local-out/north-out/{f}.csv") for f in ("predictions", "scores"))
        return answers[0], [row[0] for row in answers[1:]], numpy.array(scores[1:], dtype=float)

    def onnx(self, inputs):
        session = onnxruntime.InferenceSession(
            self.folder / "local-out/north-out/model.onnx", providers=["CPUExecutionProvider"]
        )
        self.bound = float(session.get_modelmeta().custom_metadata_map["tacit.score_bound"]) + 1e-4
        name = session.get_inputs()[0].name
        return numpy.array([session.run(None, {name: x[None].astype(numpy.float32)})[0][0] for x in inputs])

    def test_arrays(self):
        values = numpy.array(jobs.digits()[1], dtype=float)[:600]
        images, labels = values[:, :-1].reshape(-1, 8, 8), values[:, -1]
        numpy.save(self.folder / "images.npy", images.astype(numpy.uint8))
        numpy.save(self.folder / "labels.npy", labels.astype(numpy.int64))
        self.job(IMAGES)
        report = self.train("--data", "north=images.npy", "--labels", "north=labels.npy")
        self.assertEqual((report["job"]["train_rows"], report["job"]["test_rows"]), (480, 120))
        self.assertGreater(report["accuracy"]["private"], 0.6)
        self.assertLessEqual(abs(report["accuracy"]["private"] - report["accuracy"]["clear"]), 0.03)

        asked = images[-50:]
        numpy.save(self.folder / "questions.npy", asked)
        header, answers, scores = self.predict("questions.npy")
        wanted = self.onnx(asked.reshape(-1, 1, 8, 8) / 16)
        self.assertEqual((header, scores.shape), (["digit"], (50, 10)))
        self.assertLessEqual(float(abs(scores - wanted).max()), self.bound)
        for answer, row in zip(answers, wanted, strict=True):
            best, second = numpy.sort(row)[[-1, -2]]
            if best - second > 2 * self.bound:
                self.assertEqual(answer, str(row.argmax()))

    def test_a_number_is_predicted_in_its_own_unit(self):
        source = numpy.random.default_rng(1)
        size, rooms = source.uniform(0, 200, 300), source.integers(1, 10, 300)
        price = 110 + 1.5 * size + 5 * rooms
        rows = [[f"{s:.3f}", str(r), f"{p:.3f}"] for s, r, p in zip(size, rooms, price)]
        (self.folder / "north.csv").write_bytes(
            gzip.compress(jobs.table(["size", "rooms", "price"], rows).encode())
        )
        self.job(PRICES)
        report = self.train("--data", "north=north.csv")
        self.assertIsNone(report["accuracy"]["private"])
        mse = report["metrics"]["mse"]
        self.assertLess(mse["private"], 0.02)
        self.assertAlmostEqual(mse["private"], mse["clear"], delta=1e-3)

        self.write("questions.csv", jobs.table(["size", "rooms"], [r[:2] for r in rows[:40]]))
        header, answers, _ = self.predict("questions.csv")
        self.assertEqual(header, ["price"])
        wanted = self.onnx(numpy.stack([size[:40] / 200, (rooms[:40] - 1) / 8], axis=1))[:, 0]
        for answer, score in zip(answers, wanted, strict=True):
            # Scores are on the label's scale of 0 to 1; answers are in its unit.
            self.assertAlmostEqual(float(answer), 100 + 400 * score, delta=400 * self.bound)

    def test_slow_links(self):
        self.write("job.toml", jobs.small_job(owners=("north",), epochs=1))
        self.write("north.csv", jobs.small_data(60))
        told = []
        for way in ("--simulate", "--local"):
            words = ("--json", "--quiet", "train", "job.toml", way, "--data", "north=north.csv")
            told.append(json.loads(self.run_tacit(*words, "--link", "2ms,100mbit").out))
            self.assertIn("links slowed to 2ms,100mbit", told[-1]["stamps"], way)
            # Every round takes a millisecond, and there are many.
            rounds = max(p["rounds"] for p in told[-1]["parties"].values())
            self.assertGreaterEqual(told[-1]["seconds"], 0.001 * rounds)
            process = self.run_tacit("--quiet", *words[2:], "--link", "2", code=USAGE)
            self.assert_one_sentence(process, "'2' is no link", "40ms,100mbit")
        self.assertEqual(*(t["parties"]["beta"]["bytes_sent"] // 1000 for t in told))


if __name__ == "__main__":
    unittest.main()
