"""Benchmarks that are small enough here: what they write, and that what must not grow does not."""

import json
import unittest

from harness import PARTIES, TACIT, USAGE, TacitTest

NUMBERS_OF_A = 784 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10


class Benchmarks(TacitTest):
    def figures(self, *words):
        self.run_tacit("--quiet", "bench", *words, "--json-file", "figures.json")
        results = json.loads((self.folder / "figures.json").read_text())["results"]
        self.assertTrue(all(r["unit"] for r in results))
        return {r["name"]: r["value"] for r in results}

    def test_those_that_are_asked_for_are_listed(self):
        listed = json.loads(self.run_tacit("--json", "--quiet", "bench", "--list").out)
        self.assertLessEqual({"resnet50", "soak", "checkpoint.A", "checkpoint.C", "runtime.lenet", "runtime.resnet18"}, {b["name"] for b in listed})

    def test_a_model_at_each_level(self):
        f = self.figures("runtime.mlp")
        for what in ("milliseconds", "level1.milliseconds", "open.milliseconds", "open.share_of_read_hash_aead"):
            self.assertGreater(f[f"runtime.mlp.{what}"], 0)

    def test_a_short_soak(self):
        f = self.figures("soak", "--batches", "30")
        self.assertEqual((f["soak.batches"], f["soak.warm_up"], f["soak.window"]), (30, 6, 12))
        for party in PARTIES:
            with self.subTest(party):
                self.assertLessEqual(f[f"soak.{party}.descriptors_end"], f[f"soak.{party}.descriptors_start"])
                self.assertGreater(f[f"soak.{party}.descriptors_start"], 5)
                self.assertGreaterEqual(f[f"soak.{party}.descriptors_most"], f[f"soak.{party}.descriptors_end"])
                # Less than the share of a batch's images: nothing of a batch stays.
                grown = f[f"soak.{party}.rss_end_bytes"] - f[f"soak.{party}.rss_start_bytes"]
                self.assertLess(grown, 24 * 128 * 784 * 16)
                self.assertGreater(f[f"soak.{party}.rss_start_bytes"], 2 * 8 * NUMBERS_OF_A)
                for which in ("first", "last"):
                    self.assertGreater(f[f"soak.{party}.{which}_seconds"], 0)
                self.assertLess(abs(f[f"soak.{party}.seconds_slope"]), 1000)

    def test_what_a_checkpoint_costs(self):
        f = self.figures("checkpoint.A", "--batches", "6")
        # Two shares of each number, and what stands around them.
        self.assertGreater(f["checkpoint.A.state_bytes"], 16 * NUMBERS_OF_A)
        self.assertLess(f["checkpoint.A.state_bytes"], 16 * NUMBERS_OF_A + 65536)
        # A component of 6 batches in full, and seeds.
        self.assertGreater(f["checkpoint.A.data_bytes"], 6 * 128 * (784 + 10) * 8)
        # Everyone tells everyone two digests.
        self.assertEqual(f["checkpoint.A.bytes_total"], 3 * 2 * 2 * 32)
        self.assertGreater(f["checkpoint.A.seconds"], 0)
        self.assertGreater(f["checkpoint.A.seconds_per_batch"], 0)
        self.assertTrue(0 < f["checkpoint.A.share"] < 1)

    def test_nothing_is_left_behind(self):
        scratch = self.folder / "scratch"
        scratch.mkdir()
        words = (f"TMPDIR={scratch}", TACIT, "--quiet", "bench", "checkpoint.A", "--batches", "3")
        process = self.start(*words, program="/usr/bin/env")
        self.assertEqual(process.wait(), 0, self.stories())
        self.assertEqual(list(scratch.iterdir()), [])

    def test_too_few_batches(self):
        process = self.run_tacit("bench", "soak", "--batches", "3", "--quiet", code=USAGE)
        self.assert_one_sentence(process, "shows nothing", "--batches 10")
        process = self.run_tacit("bench", "checkpoint.A", "--batches", "2", "--quiet", code=USAGE)
        self.assert_one_sentence(process, "too few", "--batches 3")
        self.assertIn("--batches", self.run_tacit("bench", "soak", "--batches", "0", code=USAGE).err)

    def test_batches_of_what_has_none(self):
        process = self.run_tacit("bench", "kernels", "--batches", "30", "--quiet", code=USAGE)
        self.assert_one_sentence(process, "--batches", "leave it away")


if __name__ == "__main__":
    unittest.main()
