"""A training that breaks and is resumed, as people would: processes over TLS, one killed in the middle, all
started again with --resume; on another machine; all at once with --local; and what is told when it cannot be."""

import ctypes
import json
import os
import pathlib
import select
import shutil
import struct
import time
import unittest

import jobs
from harness import LIMIT, PARTIES, PEER, SIGKILL, USAGE, TacitTest, free_ports

OWNERS = ("north", "south")
EVERY, EPOCHS, STEPS = 20, 100, 1000  # 320 rows to train on, 32 a step
LIBC = ctypes.CDLL(None, use_errno=True)
IN_MOVED_TO = 0x80  # a file gets its name


class Watch:
    """Tells of files that appear, whole, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.fd = LIBC.inotify_init1(os.O_CLOEXEC)
        assert self.fd >= 0 and LIBC.inotify_add_watch(self.fd, os.fsencode(folder), IN_MOVED_TO) >= 0

    def wait_for(self, wanted, limit=LIMIT):
        """The first name that is wanted."""
        deadline = time.monotonic() + limit
        while select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
            events = os.read(self.fd, 65536)
            while events:
                (size,) = struct.unpack_from("I", events, 12)
                name = events[16 : 16 + size].rstrip(b"\0").decode()
                if wanted(name):
                    return name
                events = events[16 + size :]
        raise AssertionError(f"nothing that was waited for in {self.folder}")

    def close(self):
        os.close(self.fd)


def step_of(name):
    """Of a checkpoint's file: …-STEP.state."""
    return int(name.rsplit("-", 1)[1].removesuffix(".state")) if name.endswith(".state") else -1


class Resume(TacitTest):
    def prepare(self, **changes):
        self.keys = self.make_keys(*PARTIES, *OWNERS)
        text = jobs.small_job(
            **{
                "keys": self.keys,
                "ports": free_ports(3),
                "owners": OWNERS,
                "epochs": EPOCHS,
                "patience": 2,
                "releases": jobs.release("loss", ["everyone"], 50)
                + jobs.release("metric", ["everyone"])
                + jobs.release("model", ["north"]),
                **changes,
            }
        ).replace("batch = 32\n", f"batch = 32\ncheckpoint_every = {EVERY}\n")
        self.write("job.toml", text)
        for seed, owner in enumerate(OWNERS):
            self.write(f"{owner}.csv", jobs.small_data(seed=seed))

    def watch(self, folder):
        """Of checkpoints that will lie in the folder."""
        checkpoints = self.folder / folder / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        checkpoints.chmod(0o700)
        watch = Watch(checkpoints)
        self.addCleanup(watch.close)
        return watch

    def start_all(self, *more):
        everyone = {p: self.start_party(p, "job.toml", *more) for p in PARTIES}
        for owner in OWNERS:
            everyone[owner] = self.start_owner(owner, f"{owner}.csv")
        return everyone

    def break_off(self, culprit="beta", after=100):
        """Kills a party when it has a checkpoint of that step or a later one, which is returned."""
        watch = self.watch(f"{culprit}-state")
        everyone = self.start_all()
        seen = step_of(watch.wait_for(lambda name: step_of(name) >= after))
        since = everyone[culprit].send(SIGKILL)
        self.assert_others_notice([p for n, p in everyone.items() if n != culprit], culprit, since, 2)
        return seen

    def report(self, folder):
        return json.loads((self.folder / folder / "report.json").read_text())

    def left(self):
        return {f for f in self.files() if "/checkpoints/" in f}

    def check_finished(self, resumed_at_least, folder="alpha-out"):
        report = self.report(folder)
        (step,) = report["resumed"]
        self.assertGreaterEqual(step, resumed_at_least)
        self.assertEqual(step % EVERY, 0)
        self.assertLess(step, STEPS)
        self.assertEqual(report["job"]["steps"], STEPS)
        times = {d["what"]: d["times"] for d in report["disclosures"]}
        self.assertEqual((times["loss"], times["metric"], times["model"]), (50, 1, 1))
        self.assertGreater(report["accuracy"]["private"], 0.9)
        steps = [p["step"] for p in report["curves"]["loss"]]
        self.assertEqual(steps, sorted(set(steps)))
        self.assertGreaterEqual(len(steps), 49)  # the last before the break may be lost
        self.assertEqual(self.left(), set())
        return report

    def test_a_party_is_killed_and_all_go_on(self):
        self.prepare()
        seen = self.break_off()
        self.wait_all(self.start_all("--resume").values())
        report = self.check_finished(seen)
        self.assertIn("The fault log", (self.folder / "alpha-out/report.html").read_text())
        # Alpha wrote down who left, and after which step; an owner is not told.
        (broken,) = report["breaks"]
        self.assertIn("beta", broken["what"])
        self.assertGreaterEqual(broken["step"], report["resumed"][0])
        self.assertLess(broken["step"], STEPS)
        self.assertNotIn("breaks", self.report("north-out"))
        self.assertIn("north-out/model.onnx", self.files())
        self.assertEqual(self.report("north-out")["resumed"], report["resumed"])
        told = self.run_tacit("report", "alpha-out/report.json").out
        self.assertIn(f"resumed 1 times after a break, last from step {report['resumed'][0]}", told)
        self.assertIn(f"broke off after step {broken['step']}: ", told)

    def test_on_another_machine_without_the_owners_files(self):
        self.prepare()
        seen = self.break_off("gamma")
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        # What a person would carry there: the job, the key, and the folder.
        shutil.copytree(self.folder / "gamma-state/checkpoints", elsewhere / "gamma-state/checkpoints")
        shutil.copy(self.folder / "job.toml", elsewhere)
        shutil.move(self.folder / "gamma.key", elsewhere)
        shutil.rmtree(self.folder / "gamma-state")
        for owner in OWNERS:
            (self.folder / f"{owner}.csv").unlink()
        everyone = [self.start_party(p, "job.toml", "--resume") for p in ("alpha", "beta")]
        everyone.append(self.start_party("gamma", "elsewhere/job.toml", "--resume"))
        everyone += [self.start("train", "job.toml", "--owner", o, "--resume", name=o) for o in OWNERS]
        self.wait_all(everyone)
        self.check_finished(seen)
        self.assertIn("north-out/model.onnx", self.files())

    def test_all_of_them_here(self):
        self.prepare()
        watch = self.watch("local-out/alpha-state")
        reader, writer = os.pipe()  # whoever runs holds the other end
        words = ("train", "job.toml", "--local", "--data", "north=north.csv", "--data", "south=south.csv")
        driver = self.start(*words, keep=[writer])
        os.close(writer)
        self.addCleanup(os.close, reader)
        seen = step_of(watch.wait_for(lambda name: step_of(name) >= 100))
        driver.send(SIGKILL)
        self.assertTrue(select.select([reader], [], [], 20)[0], "the driver's processes go on without it")
        self.run_tacit("--quiet", "train", "job.toml", "--local", "--resume")
        # The others may not have that one yet when all are killed at once: then the one before it counts.
        self.check_finished(seen - EVERY, "local-out")
        self.assertIn("local-out/north-out/model.onnx", self.files())

    def test_a_party_that_stays(self):
        """'tacit party' trains, too."""
        self.prepare(releases=jobs.release("predictions", ["north"]))
        watch = self.watch("alpha-state")
        parties = {p: self.start("party", "job.toml", "--party", p, name=p) for p in PARTIES}
        self.wait_all(
            [self.start("share", "job.toml", "--owner", o, "--data", f"{o}.csv", name=o) for o in OWNERS]
        )
        watch.wait_for(lambda name: step_of(name) >= 100)
        parties["alpha"].send(SIGKILL)
        self.wait_all([parties["beta"], parties["gamma"]], PEER)
        # As where it breaks while models are being stored.
        self.write("beta-state/model.share", "of a training that broke off")
        parties = [self.start("party", "job.toml", "--party", p, "--resume", name=p) for p in PARTIES]
        for p in parties:
            self.assertTrue(p.wait_for("Trained in"), self.stories())
        self.assertEqual(len(self.report("beta-out")["resumed"]), 1)

    def test_what_cannot_be_resumed_is_told(self):
        self.prepare()
        everyone = [self.start_party(p, "job.toml", "--resume") for p in PARTIES]
        self.wait_all(everyone, USAGE)
        for p in everyone:
            self.assertIn("there is no checkpoint that all parties have", p.err.splitlines()[-1])
        self.break_off()
        # One party without the word, one with a damaged file, one whose folder is gone.
        everyone = [self.start_party(p, "job.toml", *(["--resume"] if p != "beta" else [])) for p in PARTIES]
        self.wait_all(everyone, USAGE)
        for p in everyone:
            self.assertIn("beta begins a training and", p.err.splitlines()[-1])
        states = [f for f in pathlib.Path(self.folder / "gamma-state/checkpoints").iterdir() if f.suffix == ".state"]
        kept = {}
        for file in states:
            kept[file] = file.read_bytes()
            file.write_bytes(kept[file][:-1] + bytes([kept[file][-1] ^ 1]))
        everyone = [self.start_party(p, "job.toml", "--resume") for p in PARTIES]
        self.wait_all(everyone, USAGE)
        self.assertIn("gamma has none", everyone[0].err.splitlines()[-1])
        self.assertIn(".state' cannot be used", everyone[2].err.splitlines()[-1])
        for file, content in kept.items():
            file.write_bytes(content)
        shutil.rmtree(self.folder / "alpha-state")
        everyone = [self.start_party(p, "job.toml", "--resume") for p in PARTIES]
        self.wait_all(everyone, USAGE)
        self.assertIn("alpha has none", everyone[1].err.splitlines()[-1])

    def test_a_simulation_keeps_none(self):
        self.prepare()
        words = ("train", "job.toml", "--simulate", "--resume", "--data", "north=north.csv", "--data", "south=south.csv")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "a simulation keeps no checkpoints")


if __name__ == "__main__":
    unittest.main()
