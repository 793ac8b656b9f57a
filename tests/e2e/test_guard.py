"""The overflow guard by the program: an ordinary training tells one bit a check and reports what that cost; one
whose weights run away ends at every party with one sentence, and leaves no model."""

import json
import random
import unittest

import jobs
from harness import PARTIES, PEER, USAGE, TacitTest, free_ports

OVERFLOW = jobs.release("overflow", ["parties"])
LAYER = jobs.release("overflow_layer", ["parties"])


class Guard(TacitTest):
    def prepare(self, guard, rules, exploding=False, keys=None, ports=(1, 2, 3)):
        text = jobs.small_job(
            keys,
            ports,
            owners=("north",),
            epochs=400 if exploding else 3,
            releases=jobs.release("metric", ["everyone"]) + jobs.release("model", ["north"]) + rules,
        )
        text = text.replace("[training]\n", f"[training]\noverflow_guard = {guard}\n")
        if exploding:
            text = text.replace("rate = 0.5", "rate = 16").replace("range = [-1, 1]", "range = [-50000, 50000]")
        self.write("job.toml", text)
        rows = jobs.small_rows(200)
        if exploding:
            source = random.Random(7)
            rows = [[f"{source.uniform(-50000, 50000):.1f}", *row[1:]] for row in rows]
        self.write("north.csv", jobs.table(["size", "age", "kind", "sold"], rows))
        return text

    def test_an_ordinary_training(self):
        self.prepare("2", OVERFLOW)
        told = self.run_tacit(
            "--json", "--quiet", "train", "job.toml", "--local", "--data", "north=north.csv"
        ).out
        report = json.loads(told)
        # 160 rows in batches of 32, three times: steps 0, 2, .. 14. And the one batch of 40 test rows.
        guard = report["overflow_guard"]
        self.assertEqual((guard["every"], guard["checks"]), (2, 9))
        self.assertEqual((guard["guarded"]["batches"], guard["unguarded"]["batches"]), (8, 7))
        self.assertGreater(guard["guarded"]["bytes_sent"] / 8, guard["unguarded"]["bytes_sent"] / 7)
        line = {d["what"]: d for d in report["disclosures"]}["overflow"]
        self.assertEqual((line["times"], line["bits"], line["to"]), (9, 9, PARTIES))
        pages = list(self.folder.rglob("report.html"))
        self.assertTrue(pages)
        self.assertIn("One batch in 2 was guarded", pages[0].read_text())

    def test_weights_that_run_away(self):
        for rules, where in ((OVERFLOW, "in training: some value"), (OVERFLOW + LAYER, "in training (")):
            self.prepare('"every"', rules, exploding=True)
            for way in ("--simulate", "--local"):
                process = self.run_tacit(
                    "--quiet", "train", "job.toml", way, "--data", "north=north.csv", code=USAGE
                )
                self.assert_one_sentence(process, "batch ", where, "some value left its range", "learning rate")
            self.assertFalse([f for f in self.files() if "model" in f or "report" in f])

    def test_everybody_on_its_own(self):
        """Each party's own process ends with the code of a mistake in the job; the owner is told why."""
        keys = self.make_keys(*PARTIES, "north")
        self.prepare('"every"', OVERFLOW, exploding=True, keys=keys, ports=free_ports(3))
        parties = [self.start_party(p) for p in PARTIES]
        north = self.start_owner("north", "north.csv")
        self.wait_all(parties, USAGE)
        for party in parties:
            self.assertIn("some value left its range", party.err.splitlines()[-1], self.stories())
        self.assertEqual(north.wait(), PEER, self.stories())
        self.assertIn("some value left its range", north.err.splitlines()[-1], self.stories())

    def test_ranges_before_anything_runs(self):
        self.prepare('"off"', "")
        before = self.files()
        ranges = json.loads(self.run_tacit("--json", "train", "job.toml", "--ranges").out)
        self.assertEqual((ranges["fraction_bits"], ranges["inputs"]), (16, [-1, 1]))
        self.assertEqual([layer["operator"] for layer in ranges["layers"]], ["Gemm", "Relu", "Gemm"])
        self.assertEqual(ranges["layers"][1]["low"], 0)
        self.assertTrue(all(layer["spare_bits"] > 10 for layer in ranges["layers"]), ranges)
        self.assertGreaterEqual(ranges["proposed_fraction_bits"], 20)
        self.assertIn("Nothing can wrap", self.run_tacit("train", "job.toml", "--ranges").out)
        # Inputs of a billion, and as many digits as there can be.
        text = (self.folder / "job.toml").read_text().replace("range = [-1, 1]", "range = [-1e9, 1e9]")
        self.write("job.toml", text)
        ranges = json.loads(self.run_tacit("--json", "train", "job.toml", "--ranges").out)
        self.assertLess(min(layer["spare_bits"] for layer in ranges["layers"]), 0)
        self.assertLess(ranges["proposed_fraction_bits"], 16)
        self.assertIn("may wrap", self.run_tacit("train", "job.toml", "--ranges").out)
        self.assertEqual(self.files(), before)

    def test_a_guard_that_no_rule_allows(self):
        self.prepare('"every"', "")
        process = self.run_tacit(
            "--quiet", "train", "job.toml", "--simulate", "--data", "north=north.csv", code=USAGE
        )
        self.assert_one_sentence(process, "job.toml:", "overflow_guard", "[[release]]", 'what = "overflow"')


if __name__ == "__main__":
    unittest.main()
