"""The plan of a job: bytes and rounds are those that a run then counts, the link and the machine decide on time
and on what fits, what is named as cheaper is, and mistakes are told in a sentence."""

import json
import unittest

import jobs
from harness import PARTIES, USAGE, TacitTest

OWNERS = ("north", "south")
OVERFLOW = jobs.release("overflow", ["parties"])
DATA = ("--data", "north=north.csv", "--data", "south=south.csv")


class PlanJob(TacitTest):
    def prepare(self, releases=None, change=()):
        text = jobs.small_job(releases=releases)
        for old, new in change:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.write("job.toml", text)
        self.write("north.csv", jobs.small_data(120, 1))
        self.write("south.csv", jobs.small_data(70, 2))

    def plan(self, *options):
        return json.loads(self.run_tacit("--json", "--quiet", "plan", "job.toml", *options).out)

    def assert_as_planned(self, plan, parties):
        for name in PARTIES:
            planned, counted = plan["parties"][name], parties[name]
            for key in ("bytes_sent", "rounds"):
                self.assertEqual(planned[key], counted[key], f"{key} of {name}")
                self.assertEqual(
                    {path: cost[key] for path, cost in planned["scopes"].items()},
                    {path: cost[key] for path, cost in counted["scopes"].items()},
                    f"{key} of {name}",
                )

    def test_is_what_a_run_counts(self):
        all_releases = (
            jobs.release("loss", ["alpha", "south"], 5)
            + jobs.release("metric", ["everyone"])
            + jobs.release("model", ["north"])
        )
        for releases, change in (
            (all_releases, ()),
            (
                all_releases + OVERFLOW,
                (
                    ("[training]\n", "[training]\noverflow_guard = 2\ncheckpoint_every = 3\n"),
                    ('name = "small"\n', 'name = "small"\nprofile = "wan"\n'),
                    ("rate = 0.5", 'name = "momentum"\nrate = 0.05'),
                ),
            ),
        ):
            with self.subTest(change=change):
                self.prepare(releases, change)
                plan = self.plan("--rows", "120,70")
                told = self.run_tacit("--json", "--quiet", "train", "job.toml", "--local", *DATA).out
                report = json.loads(told)
                self.assert_as_planned(plan, report["parties"])
                self.assertEqual(plan["job"]["steps"], report["job"]["steps"])
                self.assertEqual(plan["job"]["train_rows"], report["job"]["train_rows"])
                # The plan stands beside the run in every party's report. Owners are not told of others' rows.
                self.assertEqual(report["job"]["rows"], {"north": 120, "south": 70})
                for owner in OWNERS:
                    one = json.loads((self.folder / f"local-out/{owner}-out/report.json").read_text())
                    self.assertNotIn("rows", one["job"])
                    self.assertNotIn("plan", one)
                for folder in ("local-out", *(f"local-out/{p}-out" for p in PARTIES)):
                    one = json.loads((self.folder / folder / "report.json").read_text())
                    for name in PARTIES:
                        for key in ("bytes_sent", "rounds"):
                            self.assertEqual(one["plan"]["parties"][name][key], one["parties"][name][key])
                    page = (self.folder / folder / "report.html").read_text()
                    self.assertIn("Every party sent the bytes that were planned", page)
                # What a party keeps on its disk is no more than was planned.
                for name in PARTIES:
                    kept = sum(f.stat().st_size for f in (self.folder / f"local-out/{name}-state").rglob("*.share"))
                    self.assertGreater(kept, 0)
                    self.assertLess(kept, plan["parties"][name]["disk_bytes"] + 4096)

    def test_rows_are_counted_in_files(self):
        self.prepare()
        counted, said = self.plan(*DATA), self.plan("--rows", "120,70")
        self.assertEqual(counted["rows"], {"north": 120, "south": 70})
        for name in PARTIES:
            self.assertEqual(counted["parties"][name]["scopes"].keys(), said["parties"][name]["scopes"].keys())
            for key in ("bytes_sent", "rounds", "memory_bytes", "disk_bytes"):
                self.assertEqual(counted["parties"][name][key], said["parties"][name][key])
        self.assertEqual(self.plan("--rows", 50)["rows"], {"north": 50, "south": 50})

    def test_seconds_follow_the_link(self):
        self.prepare()
        local = self.plan("--rows", 100)
        near = self.plan("--rows", 100, "--link", "1ms,1000mbit")
        far = self.plan("--rows", 100, "--link", "40ms,100mbit")
        for name in PARTIES:
            a, b, c = (p["parties"][name] for p in (local, near, far))
            self.assertEqual(a["bytes_sent"], c["bytes_sent"])
            self.assertEqual(a["rounds"], c["rounds"])
            self.assertLess(b["seconds"], c["seconds"])
            # Every round takes half a round trip, whatever the machine.
            self.assertGreater(c["seconds"], c["rounds"] * 0.02)
            self.assertLess(c["seconds"], c["rounds"] * 0.02 * 2 + 5)
        self.assertEqual((local["link"], far["link"]), ("local", "40ms,100mbit"))
        self.assertTrue(local["processors"]["shared"])
        self.assertFalse(far["processors"]["shared"])
        # So few numbers: rounds are all that matters, and larger batches or another profile have fewer.
        self.assertTrue([c for c in far["cheaper"] if c["layer"] == ""])

    def test_what_is_cheaper_is(self):
        self.prepare(
            change=(('kind = "dense"\nunits = 4\n', 'kind = "dense"\nunits = 64\n'), ('kind = "relu"', 'kind = "elu"'))
        )
        plan = self.plan("--rows", 100, "--link", "40ms,100mbit")
        of_layers = [c for c in plan["cheaper"] if c["layer"]]
        self.assertTrue(of_layers)
        self.assertLessEqual(len(of_layers), 3)
        for c in of_layers:
            self.assertLess(c["bytes_sent"]["after"], c["bytes_sent"]["before"])
            self.assertLess(c["seconds"]["after"], 1.02 * c["seconds"]["before"])
            self.assertIn(c["to"], c["words"])
        relu = next(c for c in of_layers if c["from"] == "elu1 (elu)" and c["to"] == "a relu")
        # The job that has it costs what was said.
        text = (self.folder / "job.toml").read_text()
        self.write("job.toml", text.replace('kind = "elu"', 'kind = "relu"'))
        then = self.plan("--rows", 100, "--link", "40ms,100mbit")
        self.assertEqual(then["bytes_sent"], relu["bytes_sent"]["after"])
        self.assertEqual(then["rounds"], relu["rounds"]["after"])

    def test_what_does_not_fit_is_said(self):
        self.prepare()
        self.assertEqual(self.plan("--rows", 100, "--memory", 1000, "--disk", 1000)["will_not_fit"], [])
        tight = self.plan("--rows", 100, "--memory", 0.05, "--disk", 1000)["will_not_fit"]
        self.assertEqual(len(tight), 1)
        self.assertIn("the 3 parties on one machine need about", tight[0])
        self.assertIn("of memory", tight[0])
        # 3 million rows of five numbers take more than 0.1 GB, at those parties that hold them in full.
        full = self.plan("--rows", 3_000_000, "--link", "1ms,1000mbit", "--disk", 0.1, "--memory", 1000)
        self.assertTrue(full["will_not_fit"])
        self.assertTrue(all("of disk" in f for f in full["will_not_fit"]))
        out = self.run_tacit("--quiet", "plan", "job.toml", "--rows", 100, "--memory", 0.05).out
        self.assertIn("Will not fit: the 3 parties", out)

    def test_on_a_terminal(self):
        self.prepare()
        out = self.run_tacit("--quiet", "plan", "job.toml", "--rows", "120,70").out
        for part in ("alpha", "dense1 (Gemm)", "backward", "Bytes and rounds are exact", "steps of 32 rows"):
            self.assertIn(part, out)
        told = self.run_tacit("plan", "--help").out
        for part in ("job.toml", "model.onnx", "Of a job (.toml)", "--rows", "--remotes"):
            self.assertIn(part, told)

    def test_stands_beside_the_run_with_its_seconds(self):
        self.prepare()
        report = json.loads(
            self.run_tacit("--json", "--quiet", "train", "job.toml", "--simulate", "--plan", *DATA).out
        )
        for name in PARTIES:
            planned = report["plan"]["parties"][name]
            self.assertEqual(planned["bytes_sent"], report["parties"][name]["bytes_sent"])
            self.assertGreater(planned["seconds"], 0)
            self.assertGreater(planned["memory_bytes"], 0)
        page = (self.folder / "simulation-out/report.html").read_text()
        self.assertIn("The plan and the run", page)
        self.assertNotIn("not planned", page)

    def test_mistakes_are_told_in_a_sentence(self):
        self.prepare()
        for words, parts in (
            ((), ("how many rows", "--rows", "north,south")),
            (("--rows", "many"), ("'many' is no number of rows",)),
            (("--rows", "10,"), ("'' is no number of rows",)),
            (("--rows", "1,2,3"), ("3 numbers, and 2 owners", "north,south")),
            (("--rows", 10, "--remotes", 2), ("--remotes is for a model", "is a job")),
            (("--rows", 10, *DATA), ("leave --rows away",)),
            (DATA[:2], ("the data of 'south' are missing",)),
            (("--rows", 10, "--link", "fast"), ("'fast' is no link",)),
        ):
            with self.subTest(words=words):
                process = self.start("--quiet", "plan", "job.toml", *words)
                self.assertEqual(process.wait(), USAGE, self.stories())
                self.assert_one_sentence(process, *parts)
        process = self.run_tacit("--quiet", "train", "job.toml", "--party", "alpha", "--plan", code=USAGE)
        self.assert_one_sentence(process, "--plan goes with --simulate or --local")


if __name__ == "__main__":
    unittest.main()
