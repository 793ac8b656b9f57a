"""Parties that stay ('tacit party'): owners share and leave, parties train once and answer question after
question, also after a new start; states that do not belong together are refused; and no owner ends the
service, whatever it does."""

import shutil
import unittest

import jobs
from harness import PARTIES, PEER, SIGKILL, USAGE, TacitTest, free_ports
from liar import Liar, frame

OWNERS = ("north", "south", "west")


class ServiceTest(TacitTest):
    """A folder with a job whose parties answer north and south."""

    start_patience = 30
    times = 100

    def setUp(self):
        super().setUp()
        self.keys = self.make_keys(*PARTIES, *OWNERS)
        releases = (
            jobs.release("metric", ["parties"])
            + jobs.release("predictions", ["north", "south"], times=self.times)
            + jobs.release("scores", ["north", "south"], times=self.times)
        )
        text = jobs.small_job(
            self.keys,
            free_ports(3),
            OWNERS,
            releases=releases,
            patience=2,
            start_patience=self.start_patience,
        )
        rows = 'partition = "rows"\n'
        self.write("job.toml", text.replace(rows, rows + 'owners = ["north", "south"]\n'))
        for seed, owner in enumerate(OWNERS):
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

    def ask(self, owner="north"):
        self.run_tacit("--quiet", "predict", "job.toml", "--owner", owner, "--data", "questions.csv")
        answers = [row[0] for row in self.table(f"{owner}-out/predictions.csv")]
        self.assertEqual((answers[0], len(answers)), ("sold", 21))
        self.assertTrue(set(answers[1:]) <= {"yes", "no"})
        return [float(row[0]) for row in self.table(f"{owner}-out/scores.csv")[1:]]

    def assert_same(self, scores, others):
        """But for rounding, which is at random."""
        self.assertLess(max(abs(a - b) for a, b in zip(scores, others, strict=True)), 1e-3)

    def stop(self, parties):
        """One is killed, and takes the others along."""
        parties[0].send(SIGKILL)
        self.wait_all(parties[1:], PEER)


class Service(ServiceTest):
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


class Times(ServiceTest):
    """The policy bounds the questions to one model, however often the parties start."""

    times = 2

    def refused(self, owner):
        words = ("--quiet", "predict", "job.toml", "--owner", owner, "--data", "questions.csv")
        process = self.run_tacit(*words, code=PEER)
        self.assert_one_sentence(process, f"{owner} may not ask once more")

    def test_times_are_counted_across_sessions(self):
        parties = self.train()
        self.ask("north")
        self.stop(parties)
        # Whoever has lost its count hears it from the others.
        (self.folder / "alpha-state/model.uses").unlink()
        parties = self.start_parties()
        self.ask("south")
        for owner in ("north", "south"):
            self.refused(owner)
        self.stop(parties)
        for name in ("beta", "gamma"):
            (self.folder / f"{name}-state/model.uses").unlink()
        parties = self.start_parties()
        self.refused("north")
        self.assertTrue(all(p.ended_at is None for p in parties), self.stories())
        self.stop(parties)

    def test_a_damaged_count(self):
        parties = self.train()
        self.ask()
        self.stop(parties)
        self.write("beta-state/model.uses", "2")
        parties = self.start_parties()
        words = ("--quiet", "predict", "job.toml", "--owner", "north", "--data", "questions.csv")
        self.run_tacit(*words, code=PEER)
        self.assertEqual(parties[1].wait(), USAGE, self.stories())
        self.assertIn("model.uses', which counts", parties[1].err)


class OwnersThatFail(ServiceTest):
    """After each of them, another owner asks and gets its answer, and no party has ended."""

    start_patience = 6  # for a whole question, too

    def setUp(self):
        super().setUp()
        self.parties = self.train()

    def assert_dropped(self, *words):
        for p in self.parties:
            self.assertTrue(p.wait_for(words[0]), self.stories())
            line = next(line for line in p.err.splitlines() if words[0] in line)
            for word in words:
                self.assertIn(word, line)

    def tearDown(self):
        self.ask("south")
        for p in self.parties:
            self.assertIsNone(p.ended_at, self.stories())
        self.stop(self.parties)
        super().tearDown()

    def ask_much(self, thousands):
        rows = [r[:3] for r in jobs.small_rows(1000)]
        header, _, text = jobs.table(["size", "age", "kind"], rows).partition("\n")
        self.write("many.csv", header + "\n" + text * thousands)
        return self.start("predict", "job.toml", "--owner", "north", "--data", "many.csv", name="north")

    def test_killed_before_the_answer(self):
        owner = self.ask_much(200)
        self.assertTrue(self.parties[0].wait_for("predicting "), self.stories())
        owner.send(SIGKILL)
        self.assert_dropped("north's answer was dropped: north ")

    def test_killed_while_it_uploads(self):
        owner = self.ask_much(2000)
        self.assertTrue(owner.wait_for("sharing "), self.stories())
        owner.send(SIGKILL)
        self.assert_dropped("north's question was dropped: north closed the connection")

    def test_files_that_do_not_fit_the_job(self):
        """The mistake is found in the middle of the upload, and told to the parties in general words only."""
        rows = [r[:3] for r in jobs.small_rows(3000)]
        rows[2500][1] = "secret"
        self.write("bad.csv", jobs.table(["size", "age", "kind"], rows))
        words = ("--quiet", "predict", "job.toml", "--owner", "north", "--data", "bad.csv")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "bad.csv", "line 2502")
        self.assert_dropped("north's question was dropped: north gave up: its data do not fit the job")

    def test_another_job(self):
        text = (self.folder / "job.toml").read_text()
        self.write("other.toml", text.replace("epochs = 3", "epochs = 4"))
        words = ("--quiet", "predict", "other.toml", "--owner", "north", "--data", "questions.csv")
        self.assert_one_sentence(self.run_tacit(*words, code=PEER), "another job file")
        self.assert_dropped("north's question was dropped: north has another job file")

    def test_another_errand(self):
        """One comes to train, and one whom the policy does not name."""
        for owner, words in (("north", "north did not come to ask"), ("west", "releases no predictions")):
            process = self.start_owner(owner, f"{owner}.csv", "job.toml", "--quiet")
            self.assertEqual(process.wait(), PEER, self.stories())
            self.assert_one_sentence(process, words)
        self.assert_dropped("north's question was dropped: north did not come to ask")

    def lie(self, parties=3):
        liar = Liar(self.folder, "north")
        self.addCleanup(liar.close)
        liar.connect(parties)
        return liar

    def test_silence(self):
        """Whoever says nothing holds up nobody: south is answered while north is connected."""
        self.lie()
        self.ask("south")
        for p in self.parties:
            self.assertNotIn("dropped", p.err)

    def test_garbage_for_all(self):
        liar = self.lie()
        liar.greet("alpha-out/report.json")
        liar.send(b"\xff" * 48)
        self.assert_dropped("north's question was dropped: north sent something that is no frame")

    def test_garbage_for_one(self):
        """The others have nothing to complain of but that the rest does not come."""
        liar = self.lie()
        liar.greet("alpha-out/report.json")
        liar.send(b"\xff" * 48, parties=[1])
        self.assert_dropped("north's question was dropped: north ")

    def test_another_step_than_is_due(self):
        liar = self.lie()
        liar.greet("alpha-out/report.json")
        liar.send(frame("owner.rows", b"1" * 80))
        self.assert_dropped("north's question was dropped: north is out of step")

    def test_one_party_alone(self):
        liar = self.lie(parties=1)
        liar.greet("alpha-out/report.json")
        self.assert_dropped("north's question was dropped: north ")

    def test_a_part_and_then_nothing(self):
        liar = self.lie()
        liar.greet("alpha-out/report.json")
        liar.send(frame("owner.shape", bytes(32)), parties=[0])
        self.assert_dropped("north's question was dropped: north sends rows of 0 numbers")


if __name__ == "__main__":
    unittest.main()
