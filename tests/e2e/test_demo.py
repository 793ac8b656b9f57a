"""The demo, from the command to what it leaves: the report, the page, and the model as other programs read
it."""

import html.parser
import json
import re
import unittest

import numpy
import onnxruntime

import jobs
from harness import PARTIES, TacitTest


class Page(html.parser.HTMLParser):
    """Counts tags, and notes what is opened and never closed."""

    EMPTY = {"meta", "br", "hr", "img", "link", "input", "col"}

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.wrong = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Demo(TacitTest):
    def test_the_demo(self):
        process = self.run_tacit("--json", "demo", "--quick", "--out", "out", limit=300)
        report = json.loads((self.folder / "out/report.json").read_text())
        self.assertEqual(json.loads(process.out), report)
        self.assertIn("tacit train job.toml --party alpha", process.err)
        with self.subTest("report"):
            self.check_report(report)
        with self.subTest("page"):
            self.check_page((self.folder / "out/report.html").read_text(), report)
        with self.subTest("model"):
            self.check_model(report)
        self.assertEqual(
            self.files(), {"out/job.toml", "out/report.json", "out/report.html", "out/model.onnx"}
        )

    def check_report(self, report):
        rows = [len(r) for r in jobs.dealt(jobs.digits()[1], 2)]
        tested = sum(int(0.2 * n) for n in rows)
        self.assertEqual(report["job"]["test_rows"], tested)
        self.assertEqual(report["job"]["train_rows"], sum(rows) - tested)
        self.assertGreater(report["accuracy"]["private"], 0.8)
        self.assertGreater(report["accuracy"]["clear"], 0.8)
        self.assertGreater(report["seconds"], 0)
        self.assertEqual(report["stamps"], [])
        self.assertEqual(set(report["parties"]), set(PARTIES))
        for name in PARTIES:
            for key in ("bytes_sent", "rounds", "messages", "memory_bytes"):
                self.assertGreater(report["parties"][name][key], 0, f"{name} {key}")
        told = {d["what"]: d for d in report["disclosures"]}
        self.assertEqual(set(told), {"loss", "metric", "model"})
        for d in told.values():
            self.assertTrue(d["to"] and d["purpose"] and d["bits"] > 0 and d["times"] > 0, d)
        self.assertEqual(told["model"]["to"], ["north"])
        self.assertEqual(told["model"]["bits"], 64 * report["job"]["parameters"])
        self.assertEqual(told["metric"]["times"], 1)
        self.assertEqual(len(report["curves"]["loss"]), told["loss"]["times"])
        losses = [p["loss"] for p in report["curves"]["loss"]]
        self.assertLess(sum(losses[-5:]), sum(losses[:5]))
        self.assertEqual(int(report["security"]["computational_bits"]), 128)
        self.assertIn("semi-honest", report["security"]["threat"])

    def check_page(self, text, report):
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual((page.open, page.wrong), ([], []))
        self.assertTrue({"html", "head", "body", "table", "svg"} <= set(page.seen))
        # Namespaces are names, not addresses that are fetched.
        fetched = text.replace("http://www.w3.org/2000/svg", "")
        self.assertFalse(re.search(r"https?://|src\s*=|<script|<link|@import|url\(", fetched))
        self.assertIn(f"{100 * report['accuracy']['private']:.1f}", text)

    def check_model(self, report):
        header, rows = jobs.digits()
        tested = [row for part in jobs.dealt(rows, 2) for row in jobs.held_out(part, 0.2)]
        values = numpy.array(tested, dtype=numpy.float32)
        self.assertEqual(header[-1], "digit")
        pixels, labels = values[:, :-1].reshape(-1, 1, 8, 8) / 16, values[:, -1].astype(int)
        session = onnxruntime.InferenceSession(
            self.folder / "out/model.onnx", providers=["CPUExecutionProvider"]
        )
        scores = numpy.array(
            [session.run(None, {session.get_inputs()[0].name: row[None]})[0][0] for row in pixels]
        )
        self.assertEqual(scores.shape, (len(tested), 10))
        right = int((scores.argmax(axis=1) == labels).sum())
        agreement = report["agreement"]
        self.assertEqual(agreement["examples"], len(tested))
        # Only rows whose two best scores are closer than rounding may be told otherwise by the file.
        self.assertLessEqual(
            abs(right - report["accuracy"]["private"] * len(tested)), agreement["close_calls"] + 1e-6
        )
        self.assertGreaterEqual(agreement["same_class"], agreement["examples"] - agreement["close_calls"])
        self.assertLessEqual(agreement["worst_difference"], agreement["score_bound"])
        bound = session.get_modelmeta().custom_metadata_map["tacit.score_bound"]
        self.assertAlmostEqual(float(bound), agreement["score_bound"], delta=1e-5 * agreement["score_bound"])
        best = numpy.sort(scores, axis=1)
        close = int((best[:, -1] - best[:, -2] <= 2 * agreement["score_bound"]).sum())
        self.assertEqual(close, agreement["close_calls"])


if __name__ == "__main__":
    unittest.main()
