"""The documents name what there is: every kind of layer, every loss, every subcommand; and their links lead
somewhere."""

import re
import unittest

from harness import ROOT, TacitTest

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def sources(pattern, *files):
    found = [name for f in files for path in ROOT.glob(f) for name in re.findall(pattern, path.read_text())]
    assert found, f"nothing like {pattern} in {files}"
    return found


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


class Docs(TacitTest):
    def test_links(self):
        for page in DOCS:
            text = page.read_text()
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if target.startswith("http"):
                    continue
                path, _, section = target.partition("#")
                file = (page.parent / path).resolve() if path else page
                self.assertTrue(file.exists(), f"{page}: {target}")
                if section:
                    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
                    self.assertIn(section, map(anchor, headings), f"{page}: {target}")

    def test_every_layer_and_loss_is_in_the_guide(self):
        guide = (ROOT / "docs/job-file.md").read_text()
        for name in sources(r'const Layer k\w+\{\s*"(\w+)"', "src/tacit/nn/layers/*.cc") + sources(
            r'constexpr Loss k\w+\{\s*"(\w+)"', "src/tacit/nn/train/loss.cc"
        ):
            self.assertTrue(re.search(rf'`"?{name}"?`', guide), f"docs/job-file.md does not name {name}")

    def test_the_messages_that_are_explained_can_be_told(self):
        """The longest fixed part of each message in docs/a-party-died.md stands in a source."""
        texts = "".join(p.read_text() for p in (ROOT / "src").rglob("*.cc") if not p.stem.endswith("_test"))
        texts = re.sub(r'"\s*\n\s*"', "", texts)
        page = (ROOT / "docs/a-party-died.md").read_text()
        rows = re.findall(r"(?m)^\| ((?:a program|the|alpha|beta|gamma|north)\b[^|]*) \|", page)
        rows = [r for r in rows if not r.startswith("the message")]
        self.assertGreater(len(rows), 12)
        for row in rows:
            parts = re.split(r"\b(?:alpha|beta|gamma|north)\b|HOST:PORT|…|[\d.]+ s\b|[():]", row)
            part = max((p.strip(" ,") for p in parts), key=len)
            self.assertIn(part, texts, row)

    def test_what_an_import_may_say_can_be_told(self):
        texts = "".join(p.read_text() for p in (ROOT / "src").rglob("*.cc") if not p.stem.endswith("_test"))
        texts = re.sub(r'"\s*\n\s*"', "", texts)
        page = (ROOT / "docs/my-model-does-not-import.md").read_text()
        rows = re.findall(r"(?m)^\| ([^|]*…[^|]*) \|", page)
        self.assertGreater(len(rows), 12)
        for row in rows:
            self.assertIn(max((p.strip(" ,'") for p in row.split("…")), key=len), texts, row)

    def test_the_table_of_faults_is_whole(self):
        """A row for each party and phase, a column for each fault; what stands there the fault matrix holds it to."""
        page = (ROOT / "docs/faults.md").read_text()
        quoted = {}
        for file, name in (("phase.h", "kPhases"), ("culprit.h", "kTroubles")):
            (text,) = re.findall(rf"{name} = \{{(.*?)\}};", (ROOT / "tests/fault" / file).read_text(), re.S)
            quoted[name] = re.findall(r'"([^"]+)"', text)
        self.assertEqual((len(quoted["kPhases"]), len(quoted["kTroubles"])), (7, 13))
        self.assertIn("| party | phase | " + " | ".join(quoted["kTroubles"]) + " |\n", page)
        for party in ("alpha", "beta", "gamma"):
            for phase in quoted["kPhases"]:
                self.assertEqual(len(re.findall(rf"(?m)^\| {party} \| {phase} \|", page)), 1, (party, phase))
        (text,) = re.findall(r"(?s)^FAULTS = \((.*?)\)", (ROOT / "tests/fault/test_cells.py").read_text(), re.M)
        faults = re.findall(r'"([^"]+)"', text)
        for fault in faults:
            (row,) = re.findall(rf"(?m)^\| {fault} \|((?: (?:alpha|beta|gamma): [\w ]+\|)+)$", page)
            parties = re.findall(r" (\w+): ", row)
            self.assertEqual(len(parties), len(quoted["kPhases"]), fault)
            self.assertEqual(set(parties), {"alpha", "beta", "gamma"}, fault)

    def test_files_that_the_pages_name_exist(self):
        """In code, `src/tacit/…` and the like, without placeholders."""
        for page in DOCS:
            for name in re.findall(r"`((?:src|apps|tests|tools|docs|examples)/[\w./-]+\.\w+)`", page.read_text()):
                self.assertTrue((ROOT / name).exists(), f"{page.name}: {name}")


if __name__ == "__main__":
    unittest.main()
