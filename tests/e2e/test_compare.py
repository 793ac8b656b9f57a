"""Two things held side by side: a simulated run beside double precision (train --compare), and two runs' reports
(tacit report A B)."""

import json
import random
import unittest

import jobs
from harness import PARTIES, USAGE, TacitTest


class Compare(TacitTest):
    def prepare(self, **changes):
        self.write(
            "job.toml",
            jobs.small_job(
                **{"owners": ("north",), "releases": jobs.release("metric", ["everyone"]), **changes}
            ),
        )
        self.write("north.csv", jobs.small_data(200))

    def change(self, before, after):
        text = (self.folder / "job.toml").read_text()
        self.assertEqual(text.count(before), 1, before)
        self.write("job.toml", text.replace(before, after))

    def compare(self, *more):
        process = self.run_tacit(
            "--json", "train", "job.toml", "--simulate", "--compare", "--data", "north=north.csv", *more
        )
        return json.loads(process.out), process.err

    def test_an_ordinary_run(self):
        self.prepare()
        report, told = self.compare()
        comparison = report["comparison"]
        self.assertIsNone(comparison["first_divergence"])
        self.assertEqual(comparison["batches"], report["job"]["steps"])
        self.assertLess(comparison["largest_relative_difference"], 0.25)
        self.assertIn("In all 15 batches the simulated run agrees with double precision", told)
        self.assertTrue(any("compared in the clear" in stamp for stamp in report["stamps"]), report["stamps"])
        self.assertIn("simulation", report["stamps"])
        self.assertIn("No layer diverged", (self.folder / "simulation-out/report.html").read_text())
        # The comparison sends nothing: the run costs what it costs without.
        alone = json.loads(
            self.run_tacit(
                "--json", "--quiet", "train", "job.toml", "--simulate", "--data", "north=north.csv"
            ).out
        )
        self.assertNotIn("comparison", alone)
        for party in PARTIES:
            for key in ("rounds", "messages"):
                self.assertEqual(report["parties"][party][key], alone["parties"][party][key])
            self.assertEqual(
                report["parties"][party]["scopes"]["train"]["bytes_sent"],
                alone["parties"][party]["scopes"]["train"]["bytes_sent"],
            )
        self.assertEqual(report["disclosures"], alone["disclosures"])

    def test_weights_that_run_away(self):
        self.prepare(epochs=40)
        self.change("rate = 0.5", "rate = 16")
        self.change("range = [-1, 1]", "range = [-50000, 50000]")
        source = random.Random(7)
        rows = [[f"{source.uniform(-50000, 50000):.1f}", *row[1:]] for row in jobs.small_rows(200)]
        self.write("north.csv", jobs.table(["size", "age", "kind", "sold"], rows))
        report, told = self.compare()
        first = report["comparison"]["first_divergence"]
        self.assertEqual(first["cause"], "range")
        self.assertIn(first["layer"], ("dense1", "dense2"))
        self.assertIn("the cause is range", told)
        self.assertIn("smaller learning rate", told)

    def test_too_few_digits(self):
        self.prepare()
        self.change("rate = 0.5", "rate = 0.001")
        self.change('name = "small"', 'name = "small"\nfraction_bits = 8')
        report, told = self.compare()
        first = report["comparison"]["first_divergence"]
        self.assertEqual((first["cause"], first["layer"]), ("precision", "dense2"))
        self.assertGreater(first["proposed_fraction_bits"], 8)
        self.assertIn(f"fraction_bits = {first['proposed_fraction_bits']} holds that batch", told)
        # It was tried on that batch; where a later one, of smaller steps, needs more, it is named then.
        digits = 8
        for _ in range(4):
            self.assertGreater(first["proposed_fraction_bits"], digits)
            self.change(f"fraction_bits = {digits}", f"fraction_bits = {first['proposed_fraction_bits']}")
            digits = first["proposed_fraction_bits"]
            report, _ = self.compare()
            first = report["comparison"]["first_divergence"]
            if first is None:
                break
        self.assertIsNone(first, report["comparison"])

    def test_only_where_all_is_in_one_process(self):
        self.prepare()
        for way in ("--local", "--party=alpha", "--owner=north"):
            process = self.run_tacit(
                "--quiet", "train", "job.toml", way, "--compare", "--data", "north=north.csv", code=USAGE
            )
            self.assert_one_sentence(process, "--compare", "--simulate")

    def test_two_runs_beside_each_other(self):
        self.prepare(releases=jobs.release("loss", ["everyone"], 10) + jobs.release("metric", ["everyone"]))
        words = ("train", "job.toml", "--simulate", "--data", "north=north.csv")
        self.run_tacit("--quiet", *words, "--out", "first")
        self.change("rate = 0.5", "rate = 0.25")
        self.change("epochs = 3", "epochs = 6")
        self.run_tacit("--quiet", *words, "--out", "second")
        a, b = "first/report.json", "second/report.json"
        process = self.run_tacit("report", a, b)
        for part in (a, b, "training.optimiser.rate: 0.5 in A, 0.25 in B", "training.epochs: 3 in A, 6 in B", "%"):
            self.assertIn(part, process.out)
        page = (self.folder / "report-compare.html").read_text()
        for part in (a, b, "training.optimiser.rate", "Figures, and B against A"):
            self.assertIn(part, page)
        told = json.loads(self.run_tacit("--json", "--quiet", "report", a, b, "--html", "x/two.html").out)
        self.assertIn("x/two.html", self.files())
        self.assertFalse(told["same_job"])
        self.assertEqual({s["key"] for s in told["settings"]}, {"training.optimiser.rate", "training.epochs"})
        figures = {f["name"]: f for f in told["figures"]}
        reports = [json.loads((self.folder / f).read_text()) for f in (a, b)]
        self.assertEqual(told["reports"], reports)
        sent = [sum(p["bytes_sent"] for p in r["parties"].values()) for r in reports]
        figure = figures["sent by all parties"]
        self.assertEqual([figure["a"], figure["b"]], sent)
        self.assertAlmostEqual(figure["relative"], (sent[1] - sent[0]) / sent[0])
        self.assertEqual((figures["steps"]["a"], figures["steps"]["b"], figures["steps"]["relative"]), (15, 30, 1))
        same = self.run_tacit("report", a, a).out
        self.assertIn("Both runs are of the same job", same)
        self.assertIn("equal", same)
        # And more than two are told one after the other, as ever.
        self.assertEqual(len(json.loads(self.run_tacit("--json", "--quiet", "report", a, b, a).out)), 3)
        process = self.run_tacit("--quiet", "report", a, b, a, "--html", "no.html", code=USAGE)
        self.assert_one_sentence(process, "--html")


if __name__ == "__main__":
    unittest.main()
