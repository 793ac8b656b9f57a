"""The fault matrix between real processes, with every pair of phase and fault and every pair of party and fault:
one party, played by fault_endpoint, is met by a fault at a frame of a phase; everybody else is the program
itself. All end in the right result, or in an error that names whom it must name within the patience; nothing
half-written stays; and all, started again, with --resume where there is a checkpoint, finish. Each test is a row
of the table in docs/faults.md, and prints it."""

import json
import os
import pathlib
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import disk
import jobs
from harness import DONE, PARTIES, PEER, ROOT, SIGCONT, Process, TacitTest, free_ports
from test_matrix import ENDPOINT, OWNERS
from wire import Wire

OWN_SPACE = disk.enter_own_space()

PATIENCE, START_PATIENCE = 2, 20
# Seconds to end in, beyond the patience: several of these tests share a machine. That errors come within the
# patience itself is held to a clock of its own in cells.cc.
MARGIN = 3.0
PHASES = ("handshake", "sharing", "forward", "backward", "checkpoint", "reveal", "export")
FAULTS = (
    "kill",
    "stop",
    "cut",
    "cut once",
    "delay",
    "duplicate",
    "corrupt",
    "truncate",
    "wrong version",
    "full disk",
    "read-only disk",
)
WIRE = ("cut", "cut once", "delay", "duplicate", "corrupt", "truncate")
# A link that broke may be taken up again.
EITHER = ("cut once", "duplicate", "corrupt", "truncate")

# A frame in each phase: tag or phase, and number.
STEPS = {
    "handshake": ("hello", 1),
    "sharing": ("manifest", 1),
    "forward": ("@forward", 3),
    "backward": ("@backward", 2),
    "checkpoint": ("checkpoint", 3),
    "reveal": ("release.words", 1),
    "export": ("release.words", 6),
}
# For a link of two parties.
WIRE_STEPS = {**STEPS, "reveal": ("open", 1), "export": ("stats", 0)}
# For a disk: the last frame before the phase's own file is written.
DISK_STEPS = {**STEPS, "export": ("release.words", 5)}
# A greeting of another version; or a frame of another version behind this one, in export in the place of the first.
VERSION_STEPS = {**WIRE_STEPS, "handshake": ("hello", 0), "sharing": ("owner.welcome", 0), "export": ("open", 2)}
HEAD = "| fault | " + " | ".join(PHASES) + " |"


class Cells(TacitTest):
    def setUp(self):
        super().setUp()
        self.keys = self.make_keys(*PARTIES, *OWNERS)
        self.rows = {owner: jobs.small_data(100, seed=seed) for seed, owner in enumerate(OWNERS)}

    # ---- a cell's places

    def prepare(self, name):
        """A folder with a job for each endpoint, whose addresses are its own to change."""
        self.place = self.folder / name.replace(" ", "-")
        self.place.mkdir()
        for who in (*PARTIES, *OWNERS):
            shutil.copy(self.folder / f"{who}.key", self.place)
        for owner, rows in self.rows.items():
            (self.place / f"{owner}.csv").write_text(rows)
        self.ports = dict(zip(PARTIES, free_ports(3)))
        self.write_job("job")
        self.wires, self.processes = {}, []

    def write_job(self, name, **ports):
        releases = (
            jobs.release("loss", ["everyone"], 2)
            + jobs.release("metric", ["everyone"])
            + jobs.release("model", ["north"])
        )
        text = jobs.small_job(
            keys=self.keys,
            ports=[{**self.ports, **ports}[p] for p in PARTIES],
            owners=OWNERS,
            epochs=2,
            patience=PATIENCE,
            start_patience=START_PATIENCE,
            releases=releases,
        ).replace("batch = 32\n", "batch = 32\ncheckpoint_every = 2\n")
        (self.place / f"{name}.toml").write_text(text)

    def put_wires(self, culprit):
        """On each of the culprit's links, and into the job of whoever dials."""
        ports = dict.fromkeys((*PARTIES, *OWNERS), None)
        del ports[culprit]
        dialled = {p: PARTIES.index(p) < PARTIES.index(culprit) for p in PARTIES if p != culprit}
        for peer in ports:
            ports[peer] = free_ports(1)[0]
            by_culprit = dialled.get(peer, False)
            target = self.ports[peer if by_culprit else culprit]
            wire = self.wires[peer] = Wire(ports[peer], target, by_culprit, PATIENCE / 2)
            self.addCleanup(wire.close)
            if by_culprit:
                wire.listen()
            else:
                self.write_job(peer, **{culprit: ports[peer]})
        self.write_job(culprit, **{p: ports[p] for p, by_culprit in dialled.items() if by_culprit})

    def begin(self, *words, name, program=None, keep=()):
        more = {} if program is None else {"program": program}
        process = Process(name, words, self.place, keep=keep, **more)
        self.processes.append(process)
        return process

    def begin_others(self, culprit=None, resume=()):
        """All but the culprit; without one all, on links that nothing befalls."""
        out = {}
        for name in (*PARTIES, *OWNERS):
            if name == culprit:
                continue
            own = f"{name}.toml" if culprit and (self.place / f"{name}.toml").exists() else "job.toml"
            role = ("--party", name) if name in PARTIES else ("--owner", name, "--data", f"{name}.csv")
            out[name] = self.begin("train", own, *role, *(resume if name in PARTIES else ()), name=name)
        return out

    # ---- one cell

    def cell(self, culprit, phase, fault):
        """How it ends: "result", "anew" or "resumed"."""
        on_wire, on_disk = fault in WIRE, fault.endswith("disk")
        steps = WIRE_STEPS if on_wire else DISK_STEPS if on_disk else STEPS
        step, what = steps[phase], "hold" if on_wire or on_disk else fault
        if fault == "wrong version":
            step, what = VERSION_STEPS[phase], "version"
        if on_wire:
            self.put_wires(culprit)
        place = disk.Disk(self.place / f"{culprit}-state", OWN_SPACE) if on_disk else None
        if place:
            self.addCleanup(place.close)
        others = self.begin_others(culprit)
        for p in others.values():
            self.assertTrue(p.wait_for(f"waiting for {culprit}"), self.stories())
        hears, goes = os.pipe()
        own = f"{culprit}.toml" if on_wire else "job.toml"
        words = ("train", own, culprit, "-", *step, what, hears)
        at_fault = self.begin(*words, name=culprit, program=ENDPOINT, keep=[hears])
        os.close(hears)
        self.assertTrue(at_fault.wait_for("listening"), self.stories())
        for wire in self.wires.values():
            if not wire.culprit_dials:
                wire.listen()
        self.assertTrue(at_fault.wait_for("now: "), self.stories())
        told = next(line for line in at_fault.err.splitlines() if line.startswith("now: "))
        peer = told.split()[-1]
        since = time.monotonic()
        if on_wire:
            self.wires[peer].harm(fault)
        if fault == "full disk":
            place.fill(at_fault.number)
        if fault == "read-only disk":
            place.allow_only_reading()
        if what == "hold":
            os.write(goes, b"g")
        os.close(goes)

        codes = {name: p.wait() for name, p in others.items()}
        if fault == "stop":
            at_fault.send(SIGCONT)
        codes[culprit] = at_fault.wait()
        self.assertNotIn(None, codes.values(), "somebody hangs" + self.stories())
        if all(code == DONE for code in codes.values()):
            self.check_result(others["north"])
            return "result"
        ends = (culprit, peer) if on_wire else (culprit,)
        for name, p in others.items():
            self.check_error(p, codes[name], ends, since, fault == "wrong version" and phase == "handshake")
        self.assertNotEqual(codes[culprit], DONE, self.stories())
        if on_disk:
            self.assertIn(f"{culprit}-state", at_fault.err.splitlines()[-1], self.stories())
        # What a killed process, or one that may not write, was about has to stay where it is.
        left = [f for f in self.halves() if fault not in ("kill", "read-only disk") or f"/{culprit}-" not in f]
        self.assertEqual(left, [], self.stories())
        if place:
            place.mend()
        return self.recover()

    def check_error(self, process, code, ends, since, two_accounts):
        self.assertEqual(code, PEER, f"{process.name} ended otherwise" + self.stories())
        last = process.err.splitlines()[-1]
        # Of two that contradict each other an owner cannot know who is to blame.
        names = [e for e in ends if e != process.name and not (two_accounts and process.name in OWNERS)]
        for name in names:
            self.assertIn(name, last, f"{process.name} does not name {name}" + self.stories())
        taken = process.ended_at - since
        self.assertLessEqual(taken, PATIENCE + MARGIN, f"{process.name} took too long" + self.stories())

    def recover(self):
        """Starts everybody again, as people would."""
        for p in self.processes:
            p.end()
        broken, self.processes, self.wires = self.processes, [], {}
        how = "resumed"
        again = self.begin_others(resume=("--resume",))
        if [again[p].wait() for p in PARTIES] != [DONE] * len(PARTIES):
            for p in PARTIES:
                self.assertIn("there is no checkpoint that all parties have", again[p].err, self.stories())
            for p in self.processes:
                p.wait()
            how, self.processes = "anew", []
            again = self.begin_others()
        self.processes = broken + self.processes
        for p in again.values():
            self.assertEqual(p.wait(), DONE, f"{p.name} does not finish" + self.stories())
        self.check_result(again["north"])
        if how == "resumed":
            self.assertEqual(len(self.report("alpha")["resumed"]), 1, self.stories())
        return how

    def report(self, name):
        return json.loads((self.place / f"{name}-out/report.json").read_text())

    def check_result(self, north):
        self.assertIn("model.onnx", north.err, self.stories())
        self.assertTrue((self.place / "north-out/model.onnx").exists())
        report = self.report("north")
        self.assertEqual(report["job"]["steps"], 10)
        self.assertAlmostEqual(report["accuracy"]["private"], self.expected(), delta=0.1)
        self.assertEqual(self.halves(), [], self.stories())
        left = [f for p in PARTIES for f in (self.place / f"{p}-state").glob("*/*")]
        self.assertEqual(left, [], self.stories())

    def expected(self):
        """What the same training comes to when nothing happens: in one process, once."""
        if not hasattr(self, "_expected"):
            words = ["--quiet", "train", self.place / "job.toml", "--simulate"]
            for owner in OWNERS:
                words += ["--data", f"{owner}={self.place / owner}.csv"]
            out = self.folder / "simulation"
            process = Process("simulation", [*words, "--out", out], self.folder)
            self.assertEqual(process.wait(), DONE, process.story())
            self._expected = json.loads((out / "report.json").read_text())["accuracy"]["private"]
        return self._expected

    def halves(self):
        return sorted(str(p) for p in self.place.rglob("*") if ".part" in p.name)

    # ---- a row

    def row(self, fault):
        if fault.endswith("disk"):
            means = disk.means(fault, OWN_SPACE)
            if means is None:
                self.skipTest("root may write everywhere, and there is no name space of mounts here")
            print(f"{fault}: by {means}", file=sys.stderr)
        cells = []
        for i, phase in enumerate(PHASES):
            culprit = PARTIES[(i + FAULTS.index(fault)) % len(PARTIES)]
            how = "not run"
            with self.subTest(culprit=culprit, phase=phase, fault=fault):
                self.prepare(f"{phase} {fault}")
                try:
                    how = self.cell(culprit, phase, fault)
                finally:
                    for p in self.processes:
                        p.end()
                    for wire in self.wires.values():
                        wire.close()
                again = "anew" if phase in ("handshake", "sharing") else "resumed"
                allowed = {"delay": ("result",)}.get(fault, (again, "result") if fault in EITHER else (again,))
                self.assertIn(how, allowed, self.stories())
                if fault in EITHER:
                    print(f"{phase}, {fault}: {how}", file=sys.stderr)
                    how = f"{again} or result"
            cells.append(f"{culprit}: {how}")
        line = f"| {fault} | " + " | ".join(cells) + " |"
        print(line, file=sys.stderr)
        page = (ROOT / "docs/faults.md").read_text()
        for text in (HEAD, line):
            self.assertIn(text + "\n", page, "docs/faults.md does not have this row")


def row_test(fault):
    def test(self):
        self.row(fault)

    return test


for number, each in enumerate(FAULTS):
    setattr(Cells, f"test_{number:02}_{each.replace(' ', '_').replace('-', '_')}", row_test(each))


if __name__ == "__main__":
    import unittest

    unittest.main()
