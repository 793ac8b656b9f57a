"""Every verb's help, what --json and --quiet promise, and the verbs that stand by themselves."""

import json
import re
import unittest

import jobs
from harness import IO, PARTIES, USAGE, TacitTest

VERBS = [
    [],
    ["demo"],
    ["test"],
    ["keys"],
    ["keys", "new"],
    ["keys", "show"],
    ["new"],
    ["new", "job"],
    ["share"],
    ["party"],
    ["train"],
    ["predict"],
    ["doctor"],
    ["check"],
    ["data"],
    ["data", "list"],
    ["data", "verify"],
    ["data", "delete"],
    ["bench"],
    ["report"],
    ["split"],
    ["plan"],
    ["serve"],
    ["query"],
    ["vendor"],
    ["vendor", "init"],
    ["vendor", "rotate"],
    ["vendor", "challenge"],
    ["vendor", "admit"],
    ["vendor", "revoke"],
    ["vendor", "log"],
    ["device"],
    ["device", "init"],
    ["device", "rotate"],
    ["device", "trust"],
    ["device", "answer"],
    ["device", "lease"],
    ["seal"],
    ["inspect"],
    ["run"],
    ["broker"],
    ["trace"],
    ["audit"],
    ["audit", "steal"],
]


class Commands(TacitTest):
    def small(self, **changes):
        self.write("job.toml", jobs.small_job(owners=("north",), **changes))
        self.write("north.csv", jobs.small_data(60))
        return ("train", "job.toml", "--simulate", "--data", "north=north.csv")

    def test_help(self):
        for verb in VERBS:
            with self.subTest(" ".join(verb)):
                process = self.run_tacit(*verb, "--help")
                self.assertIn("--help", process.out)
                self.assertEqual(process.err, "")

    def test_every_verb_is_listed_here(self):
        text = self.run_tacit("--help").out
        listed = re.findall(r"^  (\w+) {2,}", text[text.lower().index("subcommands:") :], re.MULTILINE)
        self.assertEqual(set(listed), {v[0] for v in VERBS if v})

    def test_version(self):
        self.assertRegex(self.run_tacit("--version").out, r"^tacit \d+\.\d+\.\d+ \(\w+")

    def test_nothing_to_do(self):
        self.run_tacit(code=USAGE)

    def test_json_is_all_there_is_on_stdout(self):
        process = self.run_tacit("--json", *self.small())
        self.assertEqual(json.loads(process.out)["job"]["name"], "small")
        self.assertIn("training", process.err)

    def test_json_after_the_verb(self):
        process = self.run_tacit(*self.small(), "--json", "--quiet")
        self.assertEqual(json.loads(process.out)["job"]["name"], "small")
        self.assertEqual(process.err, "")

    def test_quiet(self):
        process = self.run_tacit("--quiet", *self.small())
        self.assertEqual((process.out, process.err), ("", ""))

    def test_json_of_every_small_verb(self):
        self.run_tacit("--quiet", *self.small())
        for words, check in (
            (["keys", "new", "alpha"], lambda j: j["alpha"]["key"].startswith("ed25519:")),
            (["keys", "show", "alpha.key"], lambda j: j["alpha.key"].startswith("ed25519:")),
            (
                ["new", "job", "--from", "north.csv", "--out", "draft.toml"],
                lambda j: j["job"] == "draft.toml",
            ),
            (["bench", "--list"], lambda j: all(b["name"] and b["summary"] for b in j) and len(j) > 5),
            (["report", "simulation-out/report.json"], lambda j: j["job"]["name"] == "small"),
        ):
            with self.subTest(" ".join(words)):
                process = self.run_tacit("--json", "--quiet", *words)
                self.assertTrue(check(json.loads(process.out)), process.out)
                self.assertEqual(process.err, "")

    def test_a_key_is_shown_as_it_was_made(self):
        made = self.make_keys("alpha")["alpha"]
        self.assertEqual((self.folder / "alpha.key").stat().st_mode & 0o777, 0o600)
        self.assertIn(made, self.run_tacit("keys", "show", "alpha.key").out)

    def test_bench_list(self):
        names = [line.split()[0] for line in self.run_tacit("bench", "--list").out.splitlines()]
        self.assertGreater(len(names), 5)
        self.assertEqual(len(names), len(set(names)))

    def test_bench_of_an_unknown_name(self):
        process = self.run_tacit("bench", "no-such", code=USAGE)
        self.assert_one_sentence(process, "no-such", "tacit bench --list")

    def test_a_report_in_words_and_as_a_page(self):
        self.run_tacit("--quiet", *self.small())
        process = self.run_tacit("report", "simulation-out/report.json", "--html", "again.html")
        for part in ("job small", "stamped: simulation", "alpha", "metric to", "model to north"):
            self.assertIn(part, process.out)
        self.assertEqual(
            (self.folder / "again.html").read_text(), (self.folder / "simulation-out/report.html").read_text()
        )

    def test_a_report_that_is_none(self):
        for text in ("{}", "[1, 2]", "no json", '{"job": 3}'):
            self.write("x.json", text)
            process = self.run_tacit("report", "x.json", "--html", "x.html", code=USAGE)
            self.assert_one_sentence(process, "x.json", "no report")
        process = self.run_tacit("report", "y.json", code=USAGE)
        self.assert_one_sentence(process, "y.json")
        self.assertNotIn("x.html", self.files())

    def test_no_model_without_a_release(self):
        self.run_tacit("--quiet", *self.small(releases=jobs.release("metric", ["owners"])))
        self.assertFalse([f for f in self.files() if f.endswith(".onnx")])

    def test_nothing_is_released_without_a_rule(self):
        report = json.loads(self.run_tacit("--quiet", "--json", *self.small(releases="")).out)
        self.assertEqual(report["disclosures"], [])
        self.assertIsNone(report["accuracy"]["private"])
        self.assertEqual(report["curves"]["loss"], [])

    def test_asking_without_a_rule(self):
        self.small()
        self.make_keys("north", *PARTIES)
        process = self.run_tacit(
            "--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", "north.csv", code=USAGE
        )
        self.assert_one_sentence(process, "predictions", "[[release]]")

    def test_asking_before_training(self):
        self.small(releases=jobs.release("predictions", ["north"]))
        process = self.run_tacit(
            "--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", "north.csv", code=USAGE
        )
        self.assert_one_sentence(process, "no trained model", "tacit train")

    def test_a_broken_state(self):
        """A damaged share of a model is refused before anyone computes with it."""
        self.small(releases=jobs.release("predictions", ["north"]))
        self.run_tacit("--quiet", "train", "job.toml", "--local", "--data", "north=north.csv")
        file = self.folder / "local-out/beta-state/model.share"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        process = self.run_tacit(
            "--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", "north.csv", code=USAGE
        )
        self.assert_one_sentence(process, "beta", "damaged")

    def test_writing_into_a_folder_that_refuses(self):
        process = self.run_tacit("--quiet", *self.small(), "--out", "/proc/nowhere", code=IO)
        self.assert_one_sentence(process, "/proc/nowhere")


if __name__ == "__main__":
    unittest.main()
