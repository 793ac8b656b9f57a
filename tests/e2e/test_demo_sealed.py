"""The demo of sealed models, from the command to what it leaves: the report, the page in a browser, and files with
which a user goes on; what ends with it; and what it refuses to begin with."""

import json
import os
import re
import time
import unittest
from signal import SIGINT, SIGTERM

import numpy
import onnxruntime
import test_page
from browser import PROGRAM, Browser
from harness import DONE, LIMIT, ROOT, SIGKILL, USAGE, TacitTest

CUSTOMERS, ALL = ["office", "clinic"], ["office", "clinic", "stranger"]
LEFT = {
    "report.html", "report.json", "model.onnx", "input.npy", "digits.npy", "leaked.onnx", "steal.json", "steal.html",
    "model.tacit", "office.tacit", "clinic.tacit", "split.tacit", "few.npy",
    "tried/changed.tacit", "tried/expired.tacit",
    "training/job.toml", "training/report.html", "training/report.json", "training/model.onnx",
}  # fmt: skip


def note():
    """By which the demo knows keys that it may replace."""
    text = (ROOT / "apps/tacit/demo_sealed.cc").read_text()
    (lines,) = re.findall(r'kKeysNote =((?:\s*"[^"]*")+);', text)
    return "".join(re.findall(r'"([^"]*)"', lines)).replace("\\n", "\n")


class DemoTest(TacitTest):
    def setUp(self):
        super().setUp()
        (self.folder / "tmp").mkdir()

    def own_temporary_folder(self):
        os.environ["TMPDIR"] = str(self.folder / "tmp")

    def still_running(self):
        """Processes whose command names the test's folder, the TPM in software among them."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read()
            except OSError:
                continue
            if str(self.folder).encode() in words:
                found.append(words)
        return found


class Sealed(DemoTest):
    def test_the_demo(self):
        # What somebody has there already, and keys of an earlier demo.
        self.write("out/mine.txt", "kept")
        self.write("out/training/mine.txt", "kept")
        self.write("out/keys/README", note())
        self.write("out/keys/old/device.key", "of an earlier demo")
        process = self.run_tacit(
            "--json", "demo", "sealed", "--quick", "--out", "out", limit=300, prepare=self.own_temporary_folder
        )
        self.assertEqual(self.still_running(), [])
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])
        report = json.loads((self.folder / "out/report.json").read_text())
        self.assertEqual(json.loads(process.out), report)
        for check in (self.check_files, self.check_devices, self.check_sealed, self.check_answers, self.check_refusals,
                      self.check_split, self.check_trace, self.check_steal, self.check_page, self.go_on):  # fmt: skip
            with self.subTest(check.__name__):
                check(report)
        for words in (
            "tacit device trust keys/vendor/vendor.pub --keys keys/office --fingerprint",
            "tacit seal model.onnx --to keys/office/device.pub --to keys/clinic/device.pub",
            "level 4, traceable",
            "What the office's file does not stop",
            "tacit trace leaked.onnx",
            "tacit serve keys/split.segment",
            "level 3, split",
        ):
            self.assertIn(words, process.err)

    def check_files(self, report):
        left = {f.removeprefix("out/") for f in self.files() if f.startswith("out/")}
        keys = {f for f in left if f.startswith("keys/")}
        self.assertEqual(left - keys, LEFT | {"mine.txt", "training/mine.txt"})
        for name in ALL:
            self.assertIn(f"keys/{name}/device.pub", keys)
        self.assertIn("keys/office/device.key", keys)
        self.assertIn("keys/clinic/device.tpm", keys)
        self.assertNotIn("keys/clinic/device.key", keys)
        self.assertEqual([f for f in keys if "old" in f or "copied" in f], [])
        self.assertEqual([p.name for p in (self.folder / "out").iterdir() if p.name.startswith(".")], [])

    def check_devices(self, report):
        devices = {d["name"]: d for d in report["devices"]}
        self.assertEqual(list(devices), ALL)
        self.assertEqual([d["key"] for d in devices.values()], ["software", "tpm", "software"])
        self.assertEqual([d["ran"] for d in devices.values()], [True, True, False])
        self.assertEqual([d["refused"] for d in devices.values()], [False, False, True])
        self.assertTrue(devices["clinic"]["proved"])
        told = json.loads(
            self.run_tacit("--json", "inspect", "out/clinic.tacit", "--vendor", "out/keys/vendor/vendor.pub").out
        )
        self.assertEqual([r["key"] for r in told["recipients"]], ["p256"])
        self.assertEqual(told["signature"], "right")
        self.assertGreater(report["seconds"], 0)

    def check_sealed(self, report):
        sealed = {s["file"]: s for s in report["sealed"]}
        self.assertEqual(
            [(s["level"], s["customer"]) for s in sealed.values()],
            [(1, None), (4, "office"), (4, "clinic"), (3, None)],
        )
        for name, s in sealed.items():
            self.assertEqual(s["bytes"], (self.folder / "out" / name).stat().st_size)
            self.assertGreater(len(s["does_not_stop"]), 4)
        self.assertTrue(any("key folder" in line for line in sealed["office.tacit"]["does_not_stop"]))
        self.assertTrue(any("recipient's TPM" in line for line in sealed["clinic.tacit"]["does_not_stop"]))

    def scores(self, model):
        session = onnxruntime.InferenceSession(self.folder / "out" / model)
        images = numpy.load(self.folder / "out/input.npy").astype(numpy.float32)
        return session.run(None, {session.get_inputs()[0].name: images})[0]

    def accuracy(self, model):
        digits = test_page.jobs.digits()[1][-358:]
        return (self.scores(model).argmax(1) == [int(row[-1]) for row in digits]).mean()

    def check_answers(self, report):
        runs = {(r["device"], r["file"]): r for r in report["runs"]}
        self.assertEqual(
            set(runs),
            {(d, "model.tacit") for d in CUSTOMERS}
            | {(d, f"{d}.tacit") for d in CUSTOMERS}
            | {("office", "split.tacit")},
        )
        run = runs.pop(("office", "split.tacit"))
        self.assertEqual((run["level"], run["examples"], run["scores"], run["equal_scores"]), (3, 3, 30, 30))
        self.assertLessEqual(run["worst_difference"], run["tolerance"])
        self.assertLessEqual(run["tolerance"], 1e-2)
        (segment,) = [s["segment"] for s in report["sealed"] if "segment" in s]
        self.assertEqual(segment["folder"], "keys/split.segment")
        self.assertRegex(segment["nodes"], r"to \d+ of \d+ \(.*Relu.*\)")
        for (_, file), run in runs.items():
            self.assertEqual((run["examples"], run["scores"]), (358, 3580))
            if file == "model.tacit":
                self.assertEqual((run["same_answer"], run["equal_scores"]), (358, 3580))
                self.assertLessEqual(run["worst_difference"], 1e-5)
            else:
                self.assertEqual(run["level"], 4)
                self.assertGreater(run["worst_difference"], 1e-4)
                self.assertGreater(run["same_answer"], 340)
        # By another program, on the files that were left.
        self.run_tacit("run", "out/model.tacit", "out/input.npy", "--keys", "out/keys/office", "-o", "out.npy")
        want = self.scores("model.onnx")
        self.assertLessEqual(abs(numpy.load(self.folder / "out.npy") - want).max(), 1e-5 * abs(want).max())
        self.assertAlmostEqual(self.accuracy("model.onnx"), report["trained"]["accuracy_of_the_file"], delta=0.006)

    def check_split(self, report):
        """What was left of level 3 goes on: the vendor's server, and a device that asks it."""
        server = self.start("serve", "out/keys/split.segment", name="vendor's server")
        self.assertTrue(server.wait_for("serving the segment"), self.stories())
        self.run_tacit("run", "out/split.tacit", "out/few.npy", "--keys", "out/keys/office", "-o", "few.npy")
        want = self.scores("model.onnx")[:3]
        self.assertLessEqual(abs(numpy.load(self.folder / "few.npy") - want).max(), 1e-2 * abs(want).max())
        server.end()

    def check_refusals(self, report):
        checks = report["checks"]
        self.assertEqual([c["refused"] for c in checks], [True] * 7 + [False])
        parts = (
            "has not proved",
            "does not trust",
            "is not sealed to the device 'stranger'",
            "is not sealed to the device 'office'",
            "is not what its vendor made",
            "has expired",
            "there is no TPM",
            "whoever holds the folder",
        )
        for check, part in zip(checks, parts):
            self.assertIn(part, check["sentence"], check)
        words = ("run", "out/tried/expired.tacit", "out/input.npy", "--keys", "out/keys/office")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "has expired")

    def check_trace(self, report):
        traced = report["traced"]
        self.assertEqual((traced["customer"], traced["copies"], traced["false_accusation"]), ("office", 2, 1e-6))
        self.assertGreaterEqual(traced["score"], traced["threshold"])
        self.assertLess(traced["log10_bound_over_all"], -6)
        self.assertEqual(len(traced["changes"]), 3)
        self.assertGreater(traced["neurons_put_back"], 40)
        # It is a model, worth stealing, that has lost half of its weights.
        self.assertAlmostEqual(self.accuracy("leaked.onnx"), traced["accuracy"], delta=0.006)
        self.assertGreater(traced["accuracy"], 0.7)
        told = json.loads(self.run_tacit("--json", "trace", "out/leaked.onnx", "--keys", "out/keys/vendor").out)
        self.assertEqual(told["named"], ["office"])
        told = json.loads(self.run_tacit("--json", "trace", "out/model.onnx", "--keys", "out/keys/vendor").out)
        self.assertEqual(told["named"], [])

    def check_steal(self, report):
        steal = json.loads((self.folder / "out/steal.json").read_text())
        for key, value in steal.items():
            self.assertEqual(report["steal"][key], value)
        self.assertGreater(len(steal["curve"]), 3)

    def check_page(self, report):
        self.assertTrue(PROGRAM, "there is no chromium: apt-get install chromium")
        browser = Browser()
        try:
            for width in test_page.WIDTHS:
                for scheme in test_page.SCHEMES:
                    page = browser.open(self.folder / "out/report.html", width, scheme)
                    self.look_at(page, page.ask(test_page.LOOK), report)
                    page.close()
        finally:
            browser.close()

    def look_at(self, page, seen, report):
        self.assertLessEqual(seen["scroll"], page.width, "the page scrolls sideways")
        self.assertEqual(seen["cut"], [])
        test_page.Pages.check_texts(self, seen["texts"], page)
        test_page.Pages.check_colours(self, seen, page)
        self.assertGreaterEqual(len(seen["plots"]), 1, "the audit's picture")
        for plot in seen["plots"]:
            self.assertIn("narrow" if page.width < 700 else "wide", plot["name"])
            self.assertEqual(plot["outside"], [])
        self.assertEqual((seen["unnamed"], seen["images"], seen["headings"].count("H1")), (0, 0, 1))
        self.assertEqual(len(page.requested()), 1)
        self.assertEqual(page.complaints(), [])
        words = page.ask("document.body.innerText")
        for check in report["checks"]:
            self.assertIn(check["what"], words)
        for file in ("model.tacit", "office.tacit", "clinic.tacit", "split.tacit", "leaked.onnx"):
            self.assertIn(file, words)

    def go_on(self, report):
        """The commands that it names, as they stand there."""
        for command in report["next"]:
            words = command.split()
            self.assertEqual(words[0], "tacit")
            place = [f"out/{w}" if (self.folder / "out" / w).exists() else w for w in words[1:]]
            self.run_tacit(*place, code=USAGE if "keys/stranger" in command else DONE)


class Ended(DemoTest):
    def test_killed(self):
        """The TPM in software and the training end with it."""
        process = self.start("demo", "sealed", "--quick", "--out", "out", prepare=self.own_temporary_folder)
        self.assertTrue(process.wait_for("tacit train job.toml --owner south"), self.stories())
        self.assertTrue([p for p in self.still_running() if b"swtpm" in p])
        process.send(SIGKILL)
        process.wait()
        end = time.monotonic() + LIMIT
        while self.still_running() and time.monotonic() < end:
            os.sched_yield()
        self.assertEqual(self.still_running(), [])
        self.assertFalse((self.folder / "out/report.html").exists())

    def test_stopped(self):
        """Ctrl-C, in each demo's work and between commands: nothing that it began is left, processes neither."""
        self.write("out/mine.txt", "kept")
        for demo, words, signal in (
            (("sealed", "--quick"), "tacit train job.toml --owner south", SIGINT),
            (("sealed", "--quick"), "tacit vendor init", SIGTERM),
            (("--quick",), "training 0/", SIGINT),
            (("seco",), "setting up", SIGTERM),
        ):
            with self.subTest(words):
                process = self.start("demo", *demo, "--out", "out", prepare=self.own_temporary_folder)
                self.assertTrue(process.wait_for(words), self.stories())
                process.send(signal)
                self.assertEqual(process.wait(), -signal, self.stories())
                self.assertEqual(process.err.splitlines()[-1], "tacit: stopped, and what it had begun is removed")
                self.assertEqual(self.still_running(), [])
                self.assertEqual([p.name for p in (self.folder / "out").iterdir()], ["mine.txt"])
                self.assertEqual(list((self.folder / "tmp").iterdir()), [])

    def test_what_it_does_not_begin_with(self):
        self.write("out/keys/vendor/vendor.key", "mine")
        words = ("--quiet", "demo", "sealed", "--out")
        process = self.run_tacit(*words, "out", code=USAGE)
        self.assert_one_sentence(process, "'out/keys' is there", "not made by this demo", "--out")
        self.write("out/keys/README", "mine, too")
        process = self.run_tacit(*words, "out", code=USAGE)
        self.assert_one_sentence(process, "not made by this demo")
        self.assertEqual((self.folder / "out/keys/vendor/vendor.key").read_text(), "mine")

        def without_programs():
            os.environ["PATH"] = str(self.folder / "tmp")

        process = self.run_tacit(*words, "other", code=USAGE, prepare=without_programs)
        self.assert_one_sentence(process, "there is no 'swtpm' here", "apt-get install swtpm")
        self.assertEqual(self.files(), {"out/keys/vendor/vendor.key", "out/keys/README"})


if __name__ == "__main__":
    unittest.main()
