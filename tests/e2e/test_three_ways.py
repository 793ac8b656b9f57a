"""One job run in the three ways there are, and asked for predictions: all tell the same, as far as rounding
lets them, and the same as training in the clear."""

import json
import unittest

import numpy
import onnxruntime

import jobs
from harness import PARTIES, TacitTest, free_ports

CLASSES = ["benign", "malignant"]
OWNERS = ["north", "south"]


class ThreeWays(TacitTest):
    def setUp(self):
        super().setUp()
        self.header, rows = jobs.breast_cancer()
        self.parts = dict(zip(OWNERS, jobs.dealt(rows, 2)))
        for owner, part in self.parts.items():
            self.write(f"{owner}.csv", jobs.table(self.header, part))
        self.write("all.csv", jobs.table(self.header, rows))
        self.draft()

    def draft(self):
        """The job as 'tacit new job' drafts it, with two owners, everything released, keys and ports."""
        self.run_tacit("--quiet", "new", "job", "--from", "all.csv", "--out", "draft.toml")
        text = (self.folder / "draft.toml").read_text()
        places, data = text.index("[[party]]"), text.index("[data]")
        keys = self.make_keys(*PARTIES, *OWNERS)
        text = (
            text[:places] + jobs.places(keys, free_ports(3), OWNERS) + text[data : text.index("[[release]]")]
        )
        text = text.replace("rate = 0.1", "rate = 0.5")
        for what in ("metric", "model", "predictions", "scores"):
            text += jobs.release(what, ["north"])
        self.write("job.toml", text)
        ranges = [
            line.split("range = [")[1].split("]")[0].split(",")
            for line in text.splitlines()
            if "range = [" in line
        ]
        self.low, self.high = numpy.array(ranges, dtype=float).T

    def inputs(self, rows):
        """Rows as the job encodes them: scaled to [0, 1] by the declared ranges."""
        return (numpy.array([r[:-1] for r in rows], dtype=float) - self.low) / (self.high - self.low)

    def data(self):
        return [x for owner in OWNERS for x in ("--data", f"{owner}={owner}.csv")]

    def report(self, folder):
        return json.loads((self.folder / folder / "report.json").read_text())

    def accuracy_of_file(self, file):
        tested = [row for owner in OWNERS for row in jobs.held_out(self.parts[owner], 0.2)]
        scores = self.scores_of_file(file, tested)
        return float(((scores >= 0) == numpy.array([r[-1] == CLASSES[1] for r in tested])).mean())

    def scores_of_file(self, file, rows):
        session = onnxruntime.InferenceSession(self.folder / file, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        self.bound = float(session.get_modelmeta().custom_metadata_map["tacit.score_bound"])
        return numpy.array(
            [session.run(None, {name: x[None].astype(numpy.float32)})[0].item() for x in self.inputs(rows)]
        )

    def test_the_same_job_three_ways(self):
        told = json.loads(
            self.run_tacit(
                "--json", "--quiet", "train", "job.toml", "--simulate", "--clear", *self.data()
            ).out
        )
        self.assertEqual(told, self.report("simulation-out"))
        self.assertIn("simulation", told["stamps"])
        self.assertEqual(told["mode"], "simulation")
        clear = told["accuracy"]["clear"]
        self.assertGreater(clear, 0.9)
        simulated = told["accuracy"]["private"]

        self.run_tacit("--quiet", "train", "job.toml", "--local", *self.data())
        local = self.report("local-out")
        self.assertNotIn("simulation", local["stamps"])
        self.assertIn("rehearsal on one machine", self.report("local-out/alpha-out")["stamps"])

        everyone = [self.start_party(p) for p in PARTIES] + [self.start_owner(o, f"{o}.csv") for o in OWNERS]
        self.wait_all(everyone)
        typed = self.report("north-out")
        self.assertEqual(typed["stamps"], [])

        for way, accuracy in (
            ("simulated", simulated),
            ("local", local["accuracy"]["private"]),
            ("typed", typed["accuracy"]["private"]),
        ):
            with self.subTest(way):
                self.assertLessEqual(abs(accuracy - clear), 0.02)
                self.assertLessEqual(abs(accuracy - simulated), 0.02)
        # The policy tells north alone.
        for other in [*PARTIES, "south"]:
            self.assertIsNone(self.report(f"{other}-out")["accuracy"]["private"], other)
        models = {f for f in self.files() if f.endswith(".onnx")}
        self.assertEqual(
            models,
            {"north-out/model.onnx", "local-out/north-out/model.onnx", "simulation-out/north-out/model.onnx"},
        )
        for folder, report in (
            ("simulation-out/north-out", told),
            ("local-out/north-out", local),
            ("north-out", typed),
        ):
            self.assertAlmostEqual(
                self.accuracy_of_file(f"{folder}/model.onnx"), report["accuracy"]["private"], delta=0.01
            )

        with self.subTest("predictions"):
            self.ask()
            self.check_answers("north-out", "north-out/model.onnx")
        with self.subTest("predictions, locally"):
            self.run_tacit(
                "--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", "questions.csv"
            )
            self.check_answers("local-out/north-out", "local-out/north-out/model.onnx")

    def ask(self):
        # The label is not known of those who are asked about.
        self.questions = self.parts["south"][:60]
        self.write("questions.csv", jobs.table(self.header[:-1], [r[:-1] for r in self.questions]))
        everyone = [self.start("predict", "job.toml", "--party", p, name=p) for p in PARTIES]
        everyone.append(
            self.start("predict", "job.toml", "--owner", "north", "--data", "questions.csv", name="north")
        )
        self.wait_all(everyone)

    def check_answers(self, folder, model):
        wanted = self.scores_of_file(model, self.questions)
        rows = self.table(f"{folder}/scores.csv")
        scores = numpy.array(rows[1:], dtype=float)[:, 0]
        self.assertEqual(len(scores), len(self.questions))
        # The file computes in single precision.
        self.assertLessEqual(float(abs(scores - wanted).max()), self.bound + 1e-4)
        rows = self.table(f"{folder}/predictions.csv")
        self.assertEqual(rows[0], ["diagnosis"])
        # Scores are encoded numbers where the model has one output: their sign says which class.
        for row, score in zip(rows[1:], wanted, strict=True):
            if abs(score) > self.bound + 1e-4:
                self.assertEqual(row, [CLASSES[int(score >= 0)]])


if __name__ == "__main__":
    unittest.main()
