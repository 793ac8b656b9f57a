"""A model split over servers: the provider cuts it, servers answer from their parts, users ask; and what is seen
when something goes wrong."""

import gzip
import json
import unittest

import harness
from harness import DONE, IO, PEER, USAGE, ROOT, SIGKILL, TacitTest, free_ports

import numpy

SERVERS = ["gateway", "remote-b", "remote-c"]
MODEL = ROOT / "examples/data/digits.onnx"


def digits(count):
    with gzip.open(ROOT / "examples/data/digits.csv.gz", "rt") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1 : count + 1]]
    return numpy.array([[float(v) for v in row[:64]] for row in rows]).reshape(count, 1, 8, 8) / 16


class Split(TacitTest):
    def split(self, *options, servers=SERVERS, folder="parts"):
        """Keys and parts in a folder, and free ports in the deployment file."""
        (self.folder / folder).mkdir()
        self.run_tacit("--quiet", "keys", "new", *servers, "user", "--dir", folder)
        self.run_tacit("--quiet", "split", MODEL, "-o", folder, *options)
        file = self.folder / folder / "deployment.toml"
        text = file.read_text()
        for i, port in enumerate(free_ports(len(servers))):
            text = text.replace(f"127.0.0.1:{7201 + i}", f"127.0.0.1:{port}")
        file.write_text(text.replace("patience = 5 ", "patience = 2 "))
        return f"{folder}/deployment.toml"

    def serve(self, deployment, *options, servers=SERVERS):
        return [self.start("serve", deployment, "--party", s, *options, name=s) for s in servers]

    def ask(self, deployment, count=1, **options):
        numpy.save(self.folder / "input.npy", digits(count))
        words = ("--json", "--quiet", "query", "--deployment", deployment, "input.npy")
        return self.run_tacit(*words, "--out", "answer.npy", **options)

    def expected(self, count):
        import onnxruntime

        session = onnxruntime.InferenceSession(str(MODEL))
        return session.run(None, {session.get_inputs()[0].name: digits(count).astype(numpy.float32)})[0]

    def check_answers(self, count):
        got = numpy.load(self.folder / "answer.npy")
        expected = self.expected(count)
        self.assertEqual(got.shape, expected.shape)
        self.assertLess(abs(got - expected).max(), 0.1)
        self.assertEqual(list(got.argmax(axis=1)), list(expected.argmax(axis=1)))

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

    def test_a_user_who_leaves_does_not_hold_up_the_next(self):
        deployment = self.split()
        servers = self.serve(deployment, "--queries", 2)
        self.ask(deployment)
        numpy.save(self.folder / "many.npy", digits(5))
        leaving = self.start("query", "--deployment", deployment, "many.npy", name="user")
        self.assertTrue(leaving.wait_for("asking"))
        leaving.send(SIGKILL)
        leaving.wait()
        self.ask(deployment)
        self.wait_all(servers)

    def test_a_server_that_dies_is_named(self):
        deployment = self.split()
        servers = self.serve(deployment)
        self.ask(deployment)
        since = servers[2].send(SIGKILL)
        self.assert_others_notice(servers[:2], "remote-c", since, 2)
        # The next session answers, and no number comes twice.
        servers = self.serve(deployment, "--queries", 1)
        told = json.loads(self.ask(deployment).out)["answers"]
        self.assertGreater(told[0]["query"], 1)
        self.wait_all(servers)
        self.check_answers(1)

    def test_a_server_restored_from_a_backup(self):
        """It has forgotten queries; the others have not, and none is used again."""
        deployment = self.split()
        for expected in (1, 2):
            servers = self.serve(deployment, "--queries", 1)
            told = json.loads(self.ask(deployment).out)["answers"]
            self.wait_all(servers)
            self.assertEqual(told[0]["query"], expected)
            (self.folder / "parts/gateway-state/last-query").unlink()

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
