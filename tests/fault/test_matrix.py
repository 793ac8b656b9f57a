"""The fault matrix between real processes: one endpoint, played by fault_endpoint, is killed, stopped or sends
something wrong at a step of each phase. All others, which are the program itself, end within the job's patience
with the exit code of a peer's fault and name it, and nobody leaves half a file."""

import os
import pathlib
import shutil
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness
import jobs
from harness import DONE, PARTIES, PEER, SIGCONT, SIGKILL, SIGSTOP, TacitTest, free_ports

ENDPOINT = os.environ.get("FAULT_ENDPOINT", str(harness.ROOT / "build/tests/fault/fault_endpoint"))
OWNERS = ["north", "south"]
PATIENCE, START_PATIENCE = 2, 10
SHARED = 2.0  # seconds more to notice in, as several of these tests share a machine

# Where each phase is caught: the tag of a step that the endpoint sends, and which of its frames. Results go to
# both owners twice (the loss), once (the metric), and then to north (the model).
PARTY_STEPS = {
    "the handshake": ("hello", 1),
    "the handshake's end": ("agreed", 0),
    "greeting an owner": ("owner.welcome", 0),
    "an upload's end": ("owner.stored", 1),
    "comparing uploads": ("manifest", 1),
    "training": ("compare.open", 3),
    "telling the loss": ("release.words", 0),
    "telling the loss, its head": ("release.head", 1),
    "releasing the model": ("release.words", 6),
    "the end": ("stats", 0),
}
OWNER_STEPS = {
    "greeting": ("owner.hello", 1),
    "sharing": ("owner.seed", 1),
    "sharing rows": ("owner.rows", 1),
    "an upload's end": ("owner.signature", 2),
}
ANSWER_STEPS = {
    "which model": ("model", 1),
    "predicting": ("compare.open", 0),
    "the answer": ("release.words", 0),
    "the end": ("stats", 1),
}


class Matrix(TacitTest):
    def prepare(self, **changes):
        releases = (
            jobs.release("loss", ["everyone"], 2)
            + jobs.release("metric", ["everyone"])
            + jobs.release("model", ["north"])
            + jobs.release("predictions", ["north"])
        )
        self.settings = {
            "keys": self.make_keys(*PARTIES, *OWNERS),
            "ports": free_ports(3),
            "owners": OWNERS,
            "patience": PATIENCE,
            "start_patience": START_PATIENCE,
            "releases": releases,
            **changes,
        }
        self.write("job.toml", jobs.small_job(**self.settings))
        for seed, owner in enumerate(OWNERS):
            self.write(f"{owner}.csv", jobs.small_data(seed=seed))
        rows = [r[:3] for r in jobs.small_rows(20, seed=9)]
        self.write("questions.csv", jobs.table(["size", "age", "kind"], rows))

    def clear(self):
        """For the next case: nothing runs, and nothing was left but what was there before the last."""
        for p in self.processes:
            p.end()
        self.processes.clear()
        for name in (*PARTIES, *OWNERS):
            shutil.rmtree(self.folder / f"{name}-out", ignore_errors=True)

    def start_culprit(self, verb, name, data, step, what):
        words = (verb, "job.toml", name, data, *step, what)
        return self.start(*words, name=name, program=ENDPOINT)

    def run_with(self, others, what, culprit, may_be_done=()):
        """Starts the culprit when the others stand. They all notice it, from the moment that it tells by itself."""
        name = culprit[1]
        for p in others:
            if name in PARTIES:
                self.assertTrue(p.wait_for(f"waiting for {name}"), self.stories())
            elif p.name in OWNERS:  # whoever came later would find nobody there any more
                self.assertTrue(p.wait_for("waiting for the parties"), self.stories())
        process = self.start_culprit(*culprit, what)
        self.assertTrue(process.wait_for("now: "), self.stories())
        since = time.monotonic()
        others = [p for p in others if p.name not in may_be_done or p.wait() != DONE]
        self.assert_others_notice(others, name, since, PATIENCE + SHARED)
        if what == "stop":
            process.send(SIGCONT)
        self.assertIsNotNone(process.wait(), self.stories())
        half = [name for name in self.files() if ".part" in name]
        self.assertEqual(half, [], self.stories())

    def train_with(self, name, step, what, may_be_done=()):
        others = [self.start_party(p) for p in PARTIES if p != name]
        others += [self.start_owner(o, f"{o}.csv") for o in OWNERS if o != name]
        data = f"{name}.csv" if name in OWNERS else "-"
        self.run_with(others, what, ("train", name, data, step), may_be_done)

    def predict_with(self, name, step, what):
        words = ("predict", "job.toml")
        others = [self.start(*words, "--party", p, name=p) for p in PARTIES if p != name]
        if name != "north":
            ask = (*words, "--owner", "north", "--data", "questions.csv")
            others.append(self.start(*ask, name="north"))
        self.run_with(others, what, ("predict", name, "questions.csv", step))

    def each(self, names, steps, whats, run):
        for name in names:
            for phase, step in steps.items():
                for what in whats:
                    with self.subTest(culprit=name, phase=phase, what=what):
                        try:
                            run(name, step, what)
                        finally:
                            self.clear()

    # ---- training

    def test_a_party_is_killed_or_stopped(self):
        self.prepare()
        self.each(PARTIES, PARTY_STEPS, ("kill", "stop"), self.train_with)

    def test_a_party_sends_something_wrong(self):
        self.prepare()
        steps = {k: PARTY_STEPS[k] for k in ("the handshake", "comparing uploads", "training", "the end")}
        self.each(PARTIES, steps, ("tag", "size", "cut"), self.train_with)
        del steps["the end"]  # whoever has the last frame does not look at what comes behind it
        self.each(PARTIES, steps, ("garbage",), self.train_with)

    def test_an_owner_is_killed_or_stopped(self):
        self.prepare()
        self.each(OWNERS, OWNER_STEPS, ("kill", "stop"), self.train_with)

    def test_an_owner_sends_something_wrong(self):
        self.prepare()
        self.each(["north"], OWNER_STEPS, ("tag", "size", "cut"), self.train_with)

    def test_an_owner_goes_without_thanks(self):
        """It has its results, and so may the other have."""
        self.prepare()
        for what in ("kill", "stop"):
            with self.subTest(what=what):
                self.train_with("north", ("thanks", 1), what, may_be_done=("alpha", "south"))
                self.clear()

    # ---- connecting

    def check_connecting(self, names, waiting, culprit, what):
        """`waiting`: who waits, and the words that say for whom."""
        everyone = {}
        for name in names:
            in_owners = name in OWNERS
            everyone[name] = self.start_owner(name, f"{name}.csv") if in_owners else self.start_party(name)
        for name, words in waiting.items():
            self.assertTrue(everyone[name].wait_for(words), self.stories())
        since = everyone[culprit].send(what)
        others = [p for name, p in everyone.items() if name != culprit]
        self.assert_others_notice(others, culprit, since, PATIENCE + SHARED)
        self.clear()

    def test_connecting(self):
        self.prepare()
        for what in (SIGKILL, SIGSTOP):
            late = {"alpha": "waiting for gamma", "beta": "waiting for gamma"}
            for culprit in ("alpha", "beta"):
                with self.subTest(culprit=culprit, what=what):
                    self.check_connecting(["alpha", "beta"], late, culprit, what)
            with self.subTest("an owner waits, too", what=what):
                words = {**late, "north": "waiting for gamma"}
                self.check_connecting(["alpha", "beta", "north"], words, "beta", what)

    # ---- predictions

    def test_predictions(self):
        self.prepare()
        everyone = [self.start_party(p) for p in PARTIES]
        everyone += [self.start_owner(o, f"{o}.csv") for o in OWNERS]
        self.wait_all(everyone)
        self.clear()
        self.each(["alpha"], {"whom to serve": ("serve", 0)}, ("kill", "stop"), self.predict_with)
        self.each(PARTIES, ANSWER_STEPS, ("kill", "stop", "tag"), self.predict_with)
        self.each(["north"], OWNER_STEPS, ("kill", "stop", "tag"), self.predict_with)


if __name__ == "__main__":
    unittest.main()
