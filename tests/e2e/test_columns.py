"""Owners of different columns of the same rows: it trains, and refuses owners whose rows differ."""

import json
import unittest

import jobs
from harness import DONE, PARTIES, PEER, USAGE, TacitTest, free_ports

WEST, EAST = ["id", "size", "sold"], ["id", "kind", "age"]


class Columns(TacitTest):
    def setUp(self):
        super().setUp()
        self.rows = [[f"p{i}", *row] for i, row in enumerate(jobs.small_rows(200))]
        self.keys = self.make_keys(*PARTIES, "west", "east")
        text = jobs.small_job(
            self.keys,
            free_ports(3),
            owners=("west", "east"),
            epochs=10,
            releases=jobs.release("metric", ["everyone"]),
        )
        self.write("job.toml", text.replace('partition = "rows"', 'partition = "columns"\nid = "id"'))
        self.split("west.csv", WEST, self.rows)
        self.split("east.csv", EAST, self.rows)
        self.data = ("--data", "west=west.csv", "--data", "east=east.csv")

    def split(self, file, columns, rows):
        header = ["id", "size", "age", "kind", "sold"]
        self.write(file, jobs.table(columns, [[row[header.index(c)] for c in columns] for row in rows]))

    def refused(self, *parts):
        for way in ("--simulate", "--local"):
            process = self.run_tacit("--quiet", "train", "job.toml", way, *self.data, code=USAGE)
            self.assert_one_sentence(process, *parts)
        self.assertFalse([f for f in self.files() if "report" in f or "model.onnx" in f])

    def test_it_trains(self):
        report = json.loads(
            self.run_tacit("--json", "--quiet", "train", "job.toml", "--local", "--clear", *self.data).out
        )
        self.assertEqual((report["job"]["train_rows"], report["job"]["test_rows"]), (160, 40))
        self.assertGreater(report["accuracy"]["private"], 0.7)
        self.assertLessEqual(abs(report["accuracy"]["private"] - report["accuracy"]["clear"]), 0.03)
        told = {d["what"]: d for d in report["disclosures"]}
        self.assertEqual(set(told), {"metric", "same rows"})
        self.assertEqual(
            (told["same rows"]["times"], set(told["same rows"]["to"])), (1, {*PARTIES, "west", "east"})
        )
        self.assertFalse([f for f in self.files() if f.endswith(".onnx")], "no rule releases a model")

    def test_other_ids(self):
        self.split("east.csv", EAST, [*self.rows[:-1], ["p999", *self.rows[-1][1:]]])
        self.refused("ids differ", "same rows in the same order")

    def test_ids_in_another_order(self):
        self.split("east.csv", EAST, [self.rows[1], self.rows[0], *self.rows[2:]])
        self.refused("ids differ", "same rows in the same order")

    def test_fewer_rows(self):
        self.split("east.csv", EAST, self.rows[:-1])
        self.refused("200 rows", "199", "same rows")

    def test_a_column_twice(self):
        self.split("east.csv", [*EAST, "size"], self.rows)
        self.refused("west and east both bring", "size")

    def test_a_column_of_nobody(self):
        self.split("east.csv", ["id", "kind"], self.rows)
        self.refused("nobody brings", "age")

    def test_no_ids(self):
        self.split("east.csv", EAST[1:], self.rows)
        self.refused("east.csv", "id")

    def test_every_place_tells_that_ids_differ(self):
        """Typed by hand: parties find it out, and owners are told."""
        self.split("east.csv", EAST, [self.rows[1], self.rows[0], *self.rows[2:]])
        parties = [self.start_party(p) for p in PARTIES]
        owners = [self.start_owner(o, f"{o}.csv") for o in ("west", "east")]
        # A party may be told by another before it has the answer itself.
        self.assertIn(USAGE, [p.wait() for p in parties], self.stories())
        for p in parties:
            self.assertIn(p.wait(), (USAGE, PEER), self.stories())
            self.assertIn("the owners' ids differ", p.err, self.stories())
        for p in owners:
            self.assertEqual(p.wait(), PEER, self.stories())
            self.assertIn("the owners' ids differ", p.err, self.stories())

    def test_who_only_shares_is_told_too(self):
        text = (self.folder / "job.toml").read_text().replace('to = ["everyone"]', 'to = ["alpha"]')
        self.write("job.toml", text)
        for same in (True, False):
            with self.subTest("the same rows" if same else "other rows"):
                if not same:
                    self.split("east.csv", EAST, [*self.rows[:-1], ["p999", *self.rows[-1][1:]]])
                parties = [self.start_party(p) for p in PARTIES]
                owners = [
                    self.start("share", "job.toml", "--owner", o, "--data", f"{o}.csv", name=o)
                    for o in ("west", "east")
                ]
                for p in owners:
                    self.assertEqual(p.wait(), DONE if same else PEER, self.stories())
                    self.assertIn("the same rows", p.err)
                    self.assertEqual("the owners' ids differ" in p.err, not same, self.stories())
                for p in parties:
                    self.assertIn(p.wait(), (DONE,) if same else (USAGE, PEER), self.stories())


if __name__ == "__main__":
    unittest.main()
