"""A model split over servers: the provider cuts it, servers answer from their parts, users ask."""

import json
import re
import unittest

from harness import DONE, PEER, USAGE, SIGKILL
from splitting import MODEL, SERVERS, SplitTest, digits

import numpy


class Split(SplitTest):
    def test_answers_are_the_models(self):
        deployment = self.split()
        servers = self.serve(deployment, "--queries", 3, "--report", "report.json")
        told = json.loads(self.ask(deployment, 3).out)["answers"]
        self.wait_all(servers)
        self.check_answers(3)
        self.assertEqual([a["query"] for a in told], [1, 2, 3])
        for a in told:
            self.assertLess(a["bytes_sent"] + a["bytes_received"], 1000)
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual(report["answered"], 3)
        for phase in ("setup", "preparation", "online"):
            self.assertGreater(report[phase]["bytes_sent"], 0)

    def test_other_placements(self):
        for name, options, servers in (
            ("two", ("--remotes", 1, "--gateway-layers", 1), SERVERS[:2]),
            ("gateway-shares", ("--gateway-share",), SERVERS),
            ("four", ("--remotes", 3, "--gateway-layers", 2), [*SERVERS, "remote-d"]),
        ):
            with self.subTest(name):
                deployment = self.split(*options, servers=servers, folder=name)
                running = self.serve(deployment, "--queries", 1, servers=servers)
                self.ask(deployment)
                self.wait_all(running)
                self.check_answers(1)

    def test_the_deployment_says_what_is_told(self):
        """The same parts, with a line of the deployment file: the places of the largest scores, and no scores."""
        deployment = self.split()
        file = self.folder / deployment
        for top in (1, 3):
            text = file.read_text()
            file.write_text(re.sub(r"^top = \d+", f"top = {top}", text, flags=re.M))
            servers = self.serve(deployment, "--queries", 2)
            told = json.loads(self.ask(deployment, 2).out)["answers"]
            self.wait_all(servers)
            for a, scores in zip(told, self.expected(2)):
                self.assertEqual(a["values"], list((-scores).argsort(kind="stable")[:top]))
        file.write_text(re.sub(r"^top = \d+", "top = 11", text, flags=re.M))
        process = self.start("--quiet", "serve", deployment, "--party", "gateway")
        self.assertEqual(process.wait(), USAGE)
        self.assert_one_sentence(process, "deployment.toml", "top", "10 scores")

    def test_two_parties(self):
        """The gateway alone: the user is the other party."""
        deployment = self.split("--remotes", 0, servers=SERVERS[:1])
        self.serve(deployment, servers=SERVERS[:1])
        told = json.loads(self.ask(deployment, 3).out)["answers"]
        self.check_answers(3)
        for a in told:
            self.assertGreater(a["ahead_seconds"], 0)
            self.assertGreater(a["bytes_sent"], 1e6)
        # A user who dies amid its session, and one with a part of another split, do not hold up the next.
        numpy.save(self.folder / "many.npy", digits(50))
        leaving = self.start("query", "--deployment", deployment, "many.npy", name="user")
        self.assertTrue(leaving.wait_for("asking"))
        leaving.send(SIGKILL)
        leaving.wait()
        self.split("--remotes", 0, servers=SERVERS[:1], folder="again")
        other = self.start("--quiet", "query", "--deployment", deployment, "--part", "again/user.part", "input.npy")
        self.assertEqual(other.wait(), PEER, self.stories())
        self.assertIn("another split", other.err)
        self.ask(deployment)
        self.check_answers(1)

    def test_two_parties_and_a_gateway_that_dies(self):
        deployment = self.split("--remotes", 0, servers=SERVERS[:1])
        gateway = self.serve(deployment, servers=SERVERS[:1])
        numpy.save(self.folder / "many.npy", digits(50))
        user = self.start("query", "--deployment", deployment, "many.npy", name="user")
        self.assertTrue(gateway[0].wait_for("answering user"))
        since = gateway[0].send(SIGKILL)
        self.assert_others_notice([user], "gateway", since, 2)

    def test_parts_of_two_splits_do_not_mix(self):
        deployment = self.split()
        self.split(folder="again")
        (self.folder / "again/remote-c.part").rename(self.folder / "parts/remote-c.part")
        for p in self.serve(deployment):
            self.assertEqual(p.wait(), PEER, self.stories())
            self.assertIn("parts of different models, or of different splits", p.err)

    def test_mistakes_are_told_in_a_sentence(self):
        deployment = self.split()
        before = {s: (self.folder / f"parts/{s}.part").read_bytes() for s in SERVERS}
        numpy.save(self.folder / "small.npy", numpy.zeros((1, 60)))
        for words, parts in (
            (("serve", deployment, "--party", "gatewai"), ("gatewai", "did you mean 'gateway'")),
            (("serve", deployment, "--party", "user"), ("tacit query",)),
            (("serve", deployment, "--party", "gateway", "--part", "parts/remote-b.part"), ("'remote-b'", "'gateway'")),
            (("serve", deployment, "--party", "gateway", "--part", "nothing"), ("nothing", "tacit split")),
            (("serve", deployment, "--party", "gateway", "--part", deployment), ("no part of a split model",)),
            (("query", "--deployment", deployment, "small.npy"), ("60 numbers", "64")),
            (("query", "--deployment", deployment, "missing.npy"), ("missing.npy",)),
            (("split", MODEL, "-o", "parts"), ("deployment.toml", "there already")),
            (("split", MODEL, "-o", "more", "--gateway-layers", 9), ("3 layers", "9")),
            (("split", MODEL, "-o", "more", "--bits", 60), ("60 bits",)),
        ):
            with self.subTest(words=words):
                process = self.start("--quiet", *words)
                self.assertEqual(process.wait(), USAGE, self.stories())
                self.assert_one_sentence(process, *parts)
        self.assertFalse((self.folder / "more/deployment.toml").exists())
        # A split that is refused leaves the parts that are there.
        for server, bytes_ in before.items():
            self.assertEqual((self.folder / f"parts/{server}.part").read_bytes(), bytes_)

    def test_a_damaged_part_and_a_wrong_number(self):
        deployment = self.split()
        part = self.folder / "parts/gateway.part"
        bytes_ = bytearray(part.read_bytes())
        bytes_[len(bytes_) // 2] ^= 1
        part.write_bytes(bytes_)
        process = self.start("--quiet", "serve", deployment, "--party", "gateway")
        self.assertEqual(process.wait(), USAGE)
        self.assert_one_sentence(process, "gateway.part", "damaged")
        state = self.folder / "parts/remote-b-state"
        state.mkdir()
        (state / "last-query").write_text("seven\n")
        process = self.start("--quiet", "serve", deployment, "--party", "remote-b")
        self.assertEqual(process.wait(), USAGE, self.stories())
        self.assert_one_sentence(process, "last-query")

    def test_the_demo(self):
        report = json.loads(self.run_tacit("--json", "--quiet", "demo", "seco", "--out", "out").out)
        self.assertEqual(len(report["answers"]), 10)
        self.assertTrue(all(a["answer"] == a["clear"] for a in report["answers"]))
        page = (self.folder / "out/report.html").read_text()
        self.assertIn("Who learned what", page)

    def test_the_demo_with_garbled_activations(self):
        words = ("--json", "--quiet", "demo", "seco", "--activations", "garbled", "--out", "out")
        report = json.loads(self.run_tacit(*words).out)
        self.assertEqual(report["activations"], "garbled")
        self.assertTrue(all(a["answer"] == a["clear"] for a in report["answers"]))
        # Three rounds a layer, and what servers tell one another of each of ten questions.
        rounds = report["servers"]["gateway"]["online"]["rounds"]
        plain = json.loads(self.run_tacit("--json", "--quiet", "demo", "seco", "--out", "plain").out)
        self.assertLess(3 * rounds, plain["servers"]["gateway"]["online"]["rounds"])


if __name__ == "__main__":
    unittest.main()
