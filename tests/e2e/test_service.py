"""Parties that stay ('tacit party'): owners share and leave, parties train once and answer question after
question, also after a new start; states that do not belong together are refused."""

import shutil
import unittest

import jobs
from harness import PARTIES, PEER, SIGKILL, USAGE, TacitTest, free_ports


class Service(TacitTest):
    def setUp(self):
        super().setUp()
        keys = self.make_keys(*PARTIES, "north", "south")
        releases = (
            jobs.release("metric", ["parties"])
            + jobs.release("predictions", ["north"])
            + jobs.release("scores", ["north"])
        )
        self.write("job.toml", jobs.small_job(keys, free_ports(3), releases=releases, patience=2))
        for seed, owner in enumerate(("north", "south")):
            self.write(f"{owner}.csv", jobs.small_data(seed=seed))
        rows = [r[:3] for r in jobs.small_rows(20, seed=9)]
        self.write("questions.csv", jobs.table(["size", "age", "kind"], rows))

    def start_parties(self):
        return [self.start("party", "job.toml", "--party", p, name=p) for p in PARTIES]

    def share(self):
        owners = ("north", "south")
        self.wait_all(
            [self.start("share", "job.toml", "--owner", o, "--data", f"{o}.csv", name=o) for o in owners]
        )

    def train(self):
        parties = self.start_parties()
        self.share()
        for p in parties:
            self.assertTrue(p.wait_for("Trained in"), self.stories())
        return parties

    def ask(self):
        self.run_tacit("--quiet", "predict", "job.toml", "--owner", "north", "--data", "questions.csv")
        answers = [row[0] for row in self.table("north-out/predictions.csv")]
        self.assertEqual((answers[0], len(answers)), ("sold", 21))
        self.assertTrue(set(answers[1:]) <= {"yes", "no"})
        return [float(row[0]) for row in self.table("north-out/scores.csv")[1:]]

    def assert_same(self, scores, others):
        """But for rounding, which is at random."""
        self.assertLess(max(abs(a - b) for a, b in zip(scores, others, strict=True)), 1e-3)

    def stop(self, parties):
        """One is killed, and takes the others along."""
        parties[0].send(SIGKILL)
        self.wait_all(parties[1:], PEER)

    def test_question_after_question(self):
        parties = self.train()
        first = self.ask()
        self.assert_same(self.ask(), first)
        for p in parties:
            self.assertIsNone(p.ended_at, self.stories())
        self.stop(parties)
        parties = self.start_parties()
        self.assert_same(self.ask(), first)
        for p in parties:
            self.assertNotIn("Trained in", p.err)
        self.stop(parties)

    def test_one_party_has_lost_its_state(self):
        self.stop(self.train())
        shutil.rmtree(self.folder / "beta-state")
        parties = self.start_parties()
        for p in parties:
            self.assertEqual(p.wait(), USAGE, self.stories())
            self.assertIn("beta has none", p.err.splitlines()[-1])

    def test_one_party_has_the_state_of_another_training(self):
        self.stop(self.train())
        shutil.copytree(self.folder / "beta-state", self.folder / "old")
        for p in PARTIES:
            shutil.rmtree(self.folder / f"{p}-state")
        self.stop(self.train())
        shutil.rmtree(self.folder / "beta-state")
        shutil.move(self.folder / "old", self.folder / "beta-state")
        parties = self.start_parties()
        words = ("predict", "job.toml", "--owner", "north", "--data", "questions.csv")
        self.run_tacit("--quiet", *words, code=PEER)
        for p in parties:
            self.assertIn(p.wait(), (USAGE, PEER), self.stories())
            self.assertIn("from different trainings", p.err.splitlines()[-1], self.stories())


if __name__ == "__main__":
    unittest.main()
