"""Tables as people have them, from the file to a trained model: the committed slices of Adult (categories, and
'?' for missing) and of the credit-card data (lines that end in a bare CR)."""

import json
import re
import unittest

from harness import ROOT, TacitTest

SAMPLES = ROOT / "tests/data"


class Samples(TacitTest):
    def train(self, sample, *more):
        """Drafts a job for the table and trains it briefly; the report."""
        self.run_tacit("--quiet", "new", "job", "--from", SAMPLES / sample, "--out", "drafted.toml", *more)
        text = (self.folder / "drafted.toml").read_text()
        self.write("job.toml", re.sub(r"epochs = \d+", "epochs = 3", text).replace("batch = 128", "batch = 16"))
        words = ("--json", "--quiet", "train", "job.toml", "--local", "--clear", f"--data=north={SAMPLES / sample}")
        report = json.loads(self.run_tacit(*words).out)
        told = report["accuracy"]
        self.assertLessEqual(abs(told["private"] - told["clear"]), 0.05)
        return report

    def test_adult(self):
        report = self.train("adult.csv")
        self.assertEqual((report["job"]["train_rows"], report["job"]["test_rows"]), (160, 40))
        self.assertGreater(report["accuracy"]["private"], 0.6)

    def test_credit(self):
        report = self.train("credit.csv")
        self.assertEqual((report["job"]["train_rows"], report["job"]["test_rows"]), (120, 30))
        self.assertGreater(report["accuracy"]["private"], 0.6)


if __name__ == "__main__":
    unittest.main()
