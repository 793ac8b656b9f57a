"""A party or owner that dies, falls silent or holds something else: the others end with the exit code of a
peer's fault, within the job's patience, and name the one to blame. The product promises these deadlines,
so they are tested as such."""

import os
import select
import time
import unittest

import jobs
from harness import PARTIES, PEER, SIGCONT, SIGKILL, SIGSTOP, TacitTest, free_ports
from liar import Liar, frame

ENDLESS = 1000000  # epochs


class Faults(TacitTest):
    def prepare(self, owners=("north", "south"), **changes):
        """A job of many epochs with keys and data."""
        self.keys = self.make_keys(*PARTIES, *owners)
        self.settings = {
            "keys": self.keys,
            "ports": free_ports(3),
            "owners": owners,
            "epochs": ENDLESS,
            **changes,
        }
        self.write("job.toml", jobs.small_job(**self.settings))
        for seed, owner in enumerate(owners):
            self.write(f"{owner}.csv", jobs.small_data(seed=seed))

    def start_all(self, job_of=None):
        """Everybody's process by name; `job_of` names who has another job file than job.toml."""
        job_of = job_of or {}
        out = {p: self.start_party(p, job_of.get(p, "job.toml")) for p in PARTIES}
        for owner in self.settings["owners"]:
            out[owner] = self.start_owner(owner, f"{owner}.csv", job_of.get(owner, "job.toml"))
        return out

    def train(self):
        everyone = self.start_all()
        for p in PARTIES:
            self.assertTrue(everyone[p].wait_for("training 0/"), self.stories())
        return everyone

    def others(self, everyone, culprit):
        return [p for name, p in everyone.items() if name != culprit]

    def check_signal(self, culprit, what, patience):
        self.prepare(patience=patience)
        everyone = self.train()
        since = everyone[culprit].send(what)
        self.assert_others_notice(self.others(everyone, culprit), culprit, since, patience)
        if what == SIGSTOP:  # it wakes up, finds the others gone, and ends, too
            everyone[culprit].send(SIGCONT)
            self.assertEqual(everyone[culprit].wait(), PEER, self.stories())

    def test_a_party_is_killed(self):
        self.check_signal("beta", SIGKILL, 5)

    def test_the_first_party_is_killed(self):
        self.check_signal("alpha", SIGKILL, 2)

    def test_a_party_is_stopped(self):
        self.check_signal("gamma", SIGSTOP, 5)

    def test_a_party_is_stopped_with_little_patience(self):
        self.check_signal("alpha", SIGSTOP, 2)

    def test_a_driver_is_killed(self):
        """What 'train --local' has started ends with it."""
        self.prepare()
        reader, writer = os.pipe()  # whoever runs holds the other end
        words = ("train", "job.toml", "--local", "--data", "north=north.csv", "--data", "south=south.csv")
        driver = self.start(*words, keep=[writer])
        os.close(writer)
        self.addCleanup(os.close, reader)
        self.assertTrue(driver.wait_for("training"), self.stories())
        self.assertFalse(select.select([reader], [], [], 0)[0])
        driver.send(SIGKILL)
        self.assertTrue(select.select([reader], [], [], 20)[0], "the driver's processes go on without it")
        self.assertEqual(os.read(reader, 1), b"")

    def test_the_same_places_run_again(self):
        """After a fault, the same keys, folders and ports serve the next session."""
        self.prepare(patience=2)
        everyone = self.train()
        everyone["beta"].send(SIGKILL)
        self.wait_all(self.others(everyone, "beta"), PEER)
        self.write("job.toml", jobs.small_job(**{**self.settings, "epochs": 3}))
        self.wait_all(self.start_all().values())
        self.assertIn("north-out/model.onnx", self.files())

    def test_an_owner_is_killed_while_it_uploads(self):
        self.prepare(patience=3)
        # So many rows that north is in the middle of them when its first are noticed.
        header, _, rows = jobs.small_data(1000).partition("\n")
        self.write("north.csv", header + "\n" + rows * 2000)
        everyone = {p: self.start_party(p) for p in PARTIES}
        everyone["north"] = self.start_owner("north", "north.csv")
        for p in PARTIES:
            self.assertTrue(everyone[p].wait_for("receiving from north"), self.stories())
        self.assertTrue(everyone["north"].wait_for("sharing "), self.stories())
        since = everyone["north"].send(SIGKILL)
        self.assert_others_notice(self.others(everyone, "north"), "north", since, 3)

    def test_a_party_has_another_job(self):
        self.prepare(patience=3)
        self.write("other.toml", jobs.small_job(**{**self.settings, "epochs": 3}))
        since = time.monotonic()
        everyone = self.start_all(job_of={"beta": "other.toml"})
        self.assert_others_notice([everyone["alpha"], everyone["gamma"]], "beta", since, 3)
        self.wait_all(everyone.values(), PEER)
        for p in ("alpha", "gamma"):
            self.assertIn("beta has another job file", everyone[p].err, self.stories())

    def test_an_owner_has_another_job(self):
        self.prepare(patience=3)
        self.write("other.toml", jobs.small_job(**{**self.settings, "epochs": 3}))
        since = time.monotonic()
        everyone = self.start_all(job_of={"south": "other.toml"})
        self.assert_others_notice(self.others(everyone, "south"), "south", since, 3)
        for p in PARTIES:
            self.assertIn("another job file", everyone[p].err, self.stories())
        self.assertEqual(everyone["south"].wait(), PEER, self.stories())

    def test_a_party_has_a_key_that_is_not_the_jobs(self):
        self.prepare(patience=3, start_patience=10)
        own = self.make_keys("stranger")["stranger"]
        self.write("other.toml", jobs.small_job(**{**self.settings, "keys": {**self.keys, "beta": own}}))
        everyone = {p: self.start_party(p) for p in ("alpha", "gamma")}
        everyone["north"] = self.start_owner("north", "north.csv")
        for p in ("gamma", "north"):
            self.assertTrue(everyone[p].wait_for("waiting for beta at"), self.stories())
        since = time.monotonic()
        words = ("train", "other.toml", "--party", "beta", "--key", "stranger.key")
        everyone["beta"] = self.start(*words, name="beta")
        self.assert_others_notice([everyone["alpha"]], "beta", since, 3)
        self.assertIn(own, everyone["alpha"].err, self.stories())
        # Beta ends so soon that the others may not even see its key.
        self.assert_others_notice(self.others(everyone, "beta"), "beta", since, 10)
        self.assertEqual(everyone["beta"].wait(), PEER, self.stories())

    def test_a_party_never_comes(self):
        self.prepare(start_patience=2)
        since = time.monotonic()
        everyone = {p: self.start_party(p) for p in ("alpha", "beta")}
        self.assert_others_notice(everyone.values(), "gamma", since, 3)

    def test_an_owner_never_comes(self):
        self.prepare(start_patience=2)
        since = time.monotonic()
        everyone = {p: self.start_party(p) for p in PARTIES}
        everyone["south"] = self.start_owner("south", "south.csv")
        self.assert_others_notice(everyone.values(), "north", since, 4)

    def test_an_owner_comes_twice(self):
        """The second time waits until the first is done with, and so counts for nothing."""
        self.prepare(epochs=3)
        everyone = {p: self.start_party(p) for p in PARTIES}
        everyone["north"] = self.start_owner("north", "north.csv")
        for p in PARTIES:
            self.assertTrue(everyone[p].wait_for("waiting for south"), self.stories())
        again = Liar(self.folder, "north")
        self.addCleanup(again.close)
        again.connect()
        again.send(frame("owner.hello", bytes(72)))
        everyone["south"] = self.start_owner("south", "south.csv")
        self.wait_all(everyone.values())
        self.assertIn("north-out/model.onnx", self.files())

    def test_a_stranger_disturbs_nobody(self):
        """A program whose key nobody knows is sent away, and the session goes on."""
        self.prepare()
        self.make_keys("mallory")
        text = jobs.small_job(
            **{
                **self.settings,
                "owners": ("mallory",),
                "keys": {**self.keys, "mallory": self.make_keys("other")["other"]},
            }
        ).replace('"mallory"', '"other"')
        self.write("strange.toml", text.replace('"north"', '"other"'))
        self.write("other.csv", jobs.small_data())
        everyone = self.train()
        stranger = self.start_owner("other", "other.csv", "strange.toml")
        self.assertEqual(stranger.wait(), PEER, self.stories())
        self.assertIn("your key is not in this party's job file", stranger.err, self.stories())
        self.assertTrue(all(p.ended_at is None for p in everyone.values()), self.stories())


if __name__ == "__main__":
    unittest.main()
