"""The data that parties hold: listed, verified and deleted by their operators; gone with the session unless they
are kept; and what a party that was killed has left."""

import json
import pathlib
import unittest

import jobs
from harness import DONE, IO, PARTIES, SIGKILL, USAGE, TacitTest, free_ports

OWNERS = ("north", "south")


class Data(TacitTest):
    def prepare(self, **changes):
        self.keys = self.make_keys(*PARTIES, *OWNERS)
        self.settings = {"keys": self.keys, "ports": free_ports(3), "owners": OWNERS, "patience": 2, **changes}
        self.write("job.toml", jobs.small_job(**self.settings))
        for seed, owner in enumerate(OWNERS):
            self.write(f"{owner}.csv", jobs.small_data(seed=seed))

    def start_all(self, *more):
        everyone = {p: self.start_party(p, "job.toml", *more) for p in PARTIES}
        for owner in OWNERS:
            everyone[owner] = self.start_owner(owner, f"{owner}.csv")
        return everyone

    def data(self, verb, party, *more, code=DONE):
        """What the verb tells as JSON."""
        words = ("--json", "--quiet", "data", verb, "job.toml", "--party", party, *more)
        return json.loads(self.run_tacit(*words, code=code).out)

    def uploads(self, party, state=None):
        return [u for u in self.data("list", party)["uploads"] if state in (None, u["state"])]

    def stored(self, party, kind=""):
        folder = self.folder / f"{party}-state/data"
        return sorted(p for p in folder.iterdir() if p.name.endswith(kind)) if folder.exists() else []

    def test_kept_data_are_listed_verified_and_deleted(self):
        self.prepare()
        self.wait_all(self.start_all("--keep-data").values())
        files = 0
        for party in PARTIES:
            kept = {u["owner"]: u for u in self.uploads(party, "kept")}
            self.assertEqual(set(kept), set(OWNERS))
            for u in kept.values():
                self.assertEqual((u["rows"], u["test_rows"], u["width"]), (200, 40, 5))
                self.assertEqual(u["job"]["name"], "small")
                files += u["bytes"] > 0
            told = self.data("verify", party)
            self.assertEqual([(u["good"], u["signature"]) for u in told["uploads"]], [(True, True)] * 2)
            catalogue = self.folder / f"{party}-state/data.sqlite"
            self.assertEqual(catalogue.stat().st_mode & 0o077, 0)
        self.assertEqual(files, 4, "of each upload, two parties hold a component in full")
        # The same upload at all parties.
        self.assertEqual(len({u["upload"] for p in PARTIES for u in self.uploads(p)}), 2)
        listed = self.run_tacit("data", "list", "job.toml", "--party", "alpha").out
        self.assertIn("north  200 rows of 5 numbers", listed)
        self.assertIn("kept since", listed)

        # A bit changes on some party's disk.
        party = next(p for p in PARTIES if self.stored(p, ".shares"))
        file = self.stored(party, ".shares")[0]
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        told = self.data("verify", party, code=IO)
        bad = [u for u in told["uploads"] if not u["good"]]
        self.assertEqual([u["id"] for u in bad], [file.stem])
        self.assertIn("is damaged", bad[0]["says"])
        shown = self.run_tacit("data", "verify", "job.toml", "--party", party, code=IO).out
        self.assertIn("BAD", shown)
        self.assertIn("ok", shown)
        good = next(u["id"] for u in told["uploads"] if u["good"])
        self.data("verify", party, good)

        self.assertEqual(self.data("delete", party, good[:10])["deleted"], [good])
        self.assertFalse([p for p in self.stored(party) if p.stem == good])
        self.assertEqual({u["id"]: u["state"] for u in self.uploads(party)}, {good: "deleted", file.stem: "kept"})
        listed = self.run_tacit("data", "list", "job.toml", "--party", party).out
        self.assertIn("1 uploads of earlier sessions are deleted", listed)
        self.data("delete", party, "--all")
        self.assertEqual(self.stored(party), [])
        self.assertIn("There are no data here.", self.run_tacit("data", "list", "job.toml", "--party", party).out)
        other = next(p for p in PARTIES if p != party)
        self.assertEqual(len(self.data("delete", other, "--owner", "south")["deleted"]), 1)
        self.assertEqual([u["owner"] for u in self.uploads(other, "kept")], ["north"])

    def test_data_go_with_the_session(self):
        self.prepare()
        self.wait_all(self.start_all().values())
        for party in PARTIES:
            self.assertEqual(self.stored(party), [])
            self.assertEqual([u["state"] for u in self.uploads(party)], ["deleted"] * 2)

    def test_what_a_killed_party_left(self):
        self.prepare(epochs=1000000)
        everyone = self.start_all()
        for p in PARTIES:
            self.assertTrue(everyone[p].wait_for("training 0/"), self.stories())
        # Its operator may look while it runs, and not take its data away.
        self.assertEqual([u["state"] for u in self.uploads("beta")], ["whole"] * 2)
        self.data("verify", "beta")
        words = ("--quiet", "data", "delete", "job.toml", "--party", "beta", "--all")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "another process is running with the folder")
        everyone["beta"].send(SIGKILL)
        for p in everyone.values():
            p.wait()
        # Those that ended in good order have deleted theirs.
        self.assertEqual(self.stored("alpha"), [])
        left = {u["id"] for u in self.uploads("beta", "whole")}
        self.assertEqual(len(left), 2)
        self.assertTrue(self.stored("beta"))
        told = self.data("list", "beta")
        self.assertEqual(told["checkpoint_copies"], 1)
        # Nobody can use them any more: the next run deletes them.
        self.write("job.toml", jobs.small_job(**{**self.settings, "epochs": 1}))
        self.wait_all(self.start_all().values())
        self.assertEqual(self.stored("beta"), [])
        self.assertTrue(left <= {u["id"] for u in self.uploads("beta", "deleted")})

    def test_of_a_run_on_this_machine(self):
        self.write("job.toml", jobs.small_job(owners=("north",), epochs=1))
        self.write("north.csv", jobs.small_data(60))
        words = ("data", "verify", "job.toml", "--local", "--party", "beta")
        self.assert_one_sentence(self.run_tacit(*words, code=USAGE), "'train --local' has not been run here")
        run = ("--quiet", "train", "job.toml", "--data", "north=north.csv", "--keep-data")
        self.run_tacit(*run, "--local")
        told = json.loads(self.run_tacit("--json", *words).out)
        self.assertEqual([(u["owner"], u["good"], u["signature"]) for u in told["uploads"]], [("north", True, True)])
        self.assert_one_sentence(self.run_tacit(*run, "--simulate", code=USAGE), "a simulation keeps no data")

    def test_mistakes_are_told(self):
        self.prepare()
        self.wait_all(self.start_all("--keep-data").values())

        def refused(*words, says, code=USAGE):
            self.assert_one_sentence(self.run_tacit("--quiet", "data", *words, code=code), says)

        here = ("job.toml", "--party", "alpha")
        refused("delete", *here, says="say what to delete")
        refused("delete", *here, "--all", "--owner", "north", says="leave ids and --owner away")
        refused("delete", *here, "0123456789", says="there is no upload '0123456789' here")
        refused("list", "job.toml", "--party", "north", says="'north' is an owner of this job")
        refused("list", *here, "--state", "nowhere", says="there is no state folder 'nowhere'")
        # With another key nothing opens.
        self.make_keys("mallory")
        told = self.data("verify", "alpha", "--key", "mallory.key", code=IO)
        self.assertEqual([u["good"] for u in told["uploads"]], [False] * 2)
        # Something else in the place of the catalogue.
        (self.folder / "alpha-state/data.sqlite").write_text("no catalogue\n" * 500)
        for more in ("-wal", "-shm"):
            pathlib.Path(self.folder / f"alpha-state/data.sqlite{more}").unlink(missing_ok=True)
        refused("list", *here, says="it is damaged, or another program's")


if __name__ == "__main__":
    unittest.main()
