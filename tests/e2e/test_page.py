"""The pages as people see them: drawn by a browser, on a phone and on a wide screen, light and dark. Nothing is cut,
nothing lies on anything else, everything can be read, bars are as long as their figures say, and nothing is
fetched."""

import json
import unittest

import jobs
from browser import PROGRAM, Browser
from harness import TacitTest

WIDTHS, SCHEMES = (360, 1280), ("light", "dark")

# What stands where. Text within what is only for screen readers (the heads of tables on phones) is left out.
LOOK = r"""
(() => {
  const shown = e => { const s = getComputedStyle(e); return s.visibility !== 'hidden' && s.display !== 'none'; };
  const forReaders = e => !!e.closest('thead') && getComputedStyle(e.closest('thead')).position === 'absolute';
  const parse = c => { const n = c.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0) return c;
    }
    return [255, 255, 255, 1];
  };
  const luminance = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    if (!node.textContent.trim() || !shown(parent) || forReaders(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(parent), size = parseFloat(style.fontSize);
    const svg = parent.ownerSVGElement;
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    for (const r of range.getClientRects()) {
      if (r.width < 1 || r.height < 1) continue;
      texts.push({
        text: node.textContent.trim().slice(0, 40), size: size * scale,
        x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height,
        contrast: contrast(parse(svg ? style.fill : style.color), behind(svg || parent)),
        large: size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700),
      });
    }
  }
  const cut = [];
  for (const e of document.body.querySelectorAll('*')) {
    if (!shown(e) || forReaders(e) || e.ownerSVGElement || e.tagName === 'svg') continue;
    const r = e.getBoundingClientRect();
    if (r.width === 0) continue;
    if (r.right > innerWidth + 0.5 || r.left < -0.5) cut.push(e.tagName + '.' + e.className + ' beyond the page');
    if (getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
      cut.push(e.tagName + '.' + e.className + ' holds more than it shows: ' + e.textContent.slice(0, 40));
  }
  const plots = [];
  for (const svg of document.querySelectorAll('svg.plot')) {
    const box = svg.getBoundingClientRect();
    if (box.width === 0) continue;
    const outside = [...svg.querySelectorAll('text, polyline, circle, line')].filter(e => {
      const r = e.getBoundingClientRect();
      return r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1;
    }).map(e => e.tagName + ' ' + e.textContent);
    plots.push({ name: svg.getAttribute('class'), label: svg.getAttribute('aria-label'), width: box.width, outside,
                 curves: svg.querySelectorAll('polyline').length });
  }
  const bars = [];
  document.querySelectorAll('table').forEach((table, t) => table.querySelectorAll('tbody tr').forEach((row, r) =>
    [...row.children].forEach((cell, c) => {
      const svg = cell.querySelector('svg.bar');
      if (!svg || svg.getBoundingClientRect().width === 0) return;
      const box = svg.getBoundingClientRect();
      bars.push({
        table: table.querySelector('caption').textContent, row: r, column: c,
        name: row.children[0].textContent,
        figure: cell.querySelector('.barred > span').textContent,
        length: [...svg.querySelectorAll('rect')].reduce((sum, e) => sum + e.getBoundingClientRect().width, 0),
        track: box.width, x: box.x + scrollX, y: box.y + scrollY, height: box.height,
        fill: svg.querySelector('rect') ? parse(getComputedStyle(svg.querySelector('rect')).fill).slice(0, 3) : null,
      });
    })));
  return {
    width: innerWidth, scroll: document.documentElement.scrollWidth, texts, cut, plots, bars,
    background: parse(getComputedStyle(document.body).backgroundColor).slice(0, 3),
    tables: document.querySelectorAll('table').length,
    unnamed: [...document.querySelectorAll('svg')].filter(
      e => e.getAttribute('aria-hidden') !== 'true' && !e.getAttribute('aria-label')).length,
    images: document.querySelectorAll('img, iframe, object, script, link').length,
    language: document.documentElement.lang, headings: [...document.querySelectorAll('h1, h2')].map(e => e.tagName),
  };
})()
"""


def number(figure):
    return float(figure.replace(",", "").replace("<", "").replace("\u202f", "").strip())


def half_a_digit(figure):
    """What a figure may be off by being rounded."""
    text = figure.replace(",", "").strip()
    if "<" in text:
        return number(figure)
    return 0.5 * 10 ** -(len(text.partition(".")[2]))


@unittest.skipUnless(PROGRAM, "needs chromium, which './tacit test' installs")
class Pages(TacitTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def reports(self):
        """Of a run that is simulated, with everything in it that can stand in a report; and of another."""
        self.write(
            "job.toml",
            jobs.small_job(
                owners=("north",),
                epochs=6,
                releases=jobs.release("loss", ["everyone"], 20)
                + jobs.release("metric", ["everyone"])
                + jobs.release("model", ["north"])
                + jobs.release("overflow", ["parties"]),
            ).replace("[training]\n", "[training]\noverflow_guard = 2\n"),
        )
        self.write("north.csv", jobs.small_data(300))
        self.run_tacit("--quiet", "train", "job.toml", "--simulate", "--clear", "--compare", "--plan",
                       "--data", "north=north.csv")
        report = json.loads((self.folder / "simulation-out/report.json").read_text())
        self.assertIn("comparison", report)
        self.assertIn("plan", report)
        report["resumed"] = [12]
        report["breaks"] = [
            {"step": 17, "who": "beta", "what": "beta closed the connection without a word (killed, or crashed?)"},
            {"step": 19, "who": "gamma", "what": "gamma gave up: " + "a_long_word_without_a_place_to_break_" * 4},
        ]
        report["job"]["name"] = "a-job-with-a-name-of-forty-letters-in-all"[:40]
        self.write("full.json", json.dumps(report))
        report["seconds"] *= 1.5
        report["job"]["fraction_bits"] = 20
        report["job"]["hash"] = "b" * 64
        for point in report["curves"]["loss"]:
            point["loss"] *= 1.2
        self.write("other.json", json.dumps(report))
        self.run_tacit("--quiet", "report", "full.json", "--html", "page.html")
        self.run_tacit("--quiet", "report", "full.json", "other.json", "--html", "two.html")

    def test_pages_are_drawn_as_they_should(self):
        self.reports()
        for file in ("page.html", "two.html"):
            for width in WIDTHS:
                for scheme in SCHEMES:
                    with self.subTest(file=file, width=width, scheme=scheme):
                        page = self.browser.open(self.folder / file, width, scheme)
                        try:
                            page.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
                            self.check(page, page.ask(LOOK), file)
                        finally:
                            page.close()

    def check(self, page, seen, file):
        self.assertEqual(seen["width"], page.width)
        self.assertLessEqual(seen["scroll"], page.width, "the page scrolls sideways")
        self.assertEqual(seen["cut"], [])
        self.check_texts(seen["texts"], page)
        self.check_plots(seen["plots"], page)
        self.check_bars(seen["bars"], page, by_row=file == "two.html")
        self.check_colours(seen, page)
        self.assertEqual((seen["unnamed"], seen["images"], seen["language"]), (0, 0, "en"))
        self.assertEqual(seen["headings"].count("H1"), 1)
        roles = page.roles()
        self.assertEqual(roles.get("table", 0), seen["tables"])
        self.assertGreater(roles.get("rowheader", 0), seen["tables"])
        self.assertGreater(roles.get("columnheader", 0), seen["tables"])
        self.assertEqual([a for a in page.requested() if not a.startswith("file://")], [])
        self.assertEqual(len(page.requested()), 1)
        self.assertEqual(page.complaints(), [])

    def check_texts(self, texts, page):
        self.assertGreater(len(texts), 50)
        for t in texts:
            self.assertGreaterEqual(t["contrast"], 3 if t["large"] else 4.5, t)
            self.assertGreaterEqual(t["size"], 10, t)
            self.assertGreaterEqual(t["x"], 0, t)
            self.assertLessEqual(t["x"] + t["width"], page.width, t)
        texts = sorted(texts, key=lambda t: t["y"])
        for i, a in enumerate(texts):
            for b in texts[i + 1 :]:
                if b["y"] >= a["y"] + a["height"]:
                    break
                wide = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
                high = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
                # Lines may stand closer than their letters' boxes are high.
                on_top = wide > 2 and high > 0.35 * min(a["height"], b["height"])
                self.assertFalse(on_top, f"{a} and {b} lie on one another")

    def check_plots(self, plots, page):
        self.assertEqual(len(plots), 1, "of two drawings one is shown")
        (plot,) = plots
        self.assertIn("narrow" if page.width < 700 else "wide", plot["name"])
        self.assertIn("Loss by training step", plot["label"])
        self.assertEqual(plot["outside"], [])
        self.assertGreater(plot["width"], 0.75 * min(page.width, 992))
        self.assertEqual(plot["curves"], 4 if page.width < 700 else 2, "two curves, and on phones their keys")

    def check_bars(self, bars, page, by_row):
        self.assertGreater(len(bars), 10)
        groups = {}
        for bar in bars:
            groups.setdefault((bar["table"], bar["row"] if by_row else bar["column"]), []).append(bar)
        for key, group in groups.items():
            longest = max(group, key=lambda bar: number(bar["figure"]))
            most = number(longest["figure"])
            if most == 0:
                continue
            self.assertAlmostEqual(longest["length"], longest["track"], delta=1, msg=f"{key}: {longest}")
            for bar in group:
                self.assertAlmostEqual(bar["track"], longest["track"], delta=1.5, msg=f"{key}: {bar}, {longest}")
                share = bar["length"] / longest["track"]
                off = (half_a_digit(bar["figure"]) + half_a_digit(longest["figure"])) / most + 0.01
                self.assertAlmostEqual(share, number(bar["figure"]) / most, delta=off, msg=f"{key}: {bar}")
        # And as they are painted: of some bars that are neither full nor empty, the coloured points.
        partial = [b for b in bars if b["fill"] and 0.2 < b["length"] / b["track"] < 0.9][:3]
        self.assertTrue(partial or by_row, bars)
        for bar in partial:
            (row,) = page.pixels(round(bar["x"]), round(bar["y"] + bar["height"] / 2), round(bar["track"]), 1)
            if bar["table"].startswith("By layer") and bar["column"] == 4:
                continue  # stacked, of several colours
            painted = sum(all(abs(p - q) < 12 for p, q in zip(point, bar["fill"])) for point in row)
            self.assertAlmostEqual(painted, bar["length"], delta=2, msg=str(bar))

    def check_colours(self, seen, page):
        dark = page.scheme == "dark"
        self.assertEqual(sum(seen["background"]) < 3 * 60, dark, seen["background"])
        # As painted, at the edge and between.
        for x in (1, page.width - 4):
            for row in page.pixels(x, 2, 2, 2):
                for point in row:
                    for painted, wanted in zip(point, seen["background"]):
                        self.assertLess(abs(painted - wanted), 4, f"{point} and {seen['background']}")

    def test_a_page_with_almost_nothing(self):
        self.write("job.toml", jobs.small_job(owners=("north",), epochs=1, releases=""))
        self.write("north.csv", jobs.small_data(60))
        self.run_tacit("--quiet", "train", "job.toml", "--simulate", "--data", "north=north.csv")
        for width in WIDTHS:
            page = self.browser.open(self.folder / "simulation-out/report.html", width, "light")
            try:
                seen = page.ask(LOOK)
                self.assertLessEqual(seen["scroll"], width)
                self.assertEqual((seen["cut"], seen["plots"]), ([], []))
                self.check_texts(seen["texts"], page)
                self.check_bars(seen["bars"], page, by_row=False)
            finally:
                page.close()


if __name__ == "__main__":
    unittest.main()
