"""A model split over servers: the provider cuts it, servers answer from their parts, users ask; and what is seen
when something goes wrong."""

import gzip
import json
import resource
import shutil
import signal
import unittest

import harness
from harness import DONE, IO, PEER, USAGE, ROOT, SIGKILL, TacitTest, free_ports

import numpy

SERVERS = ["gateway", "remote-b", "remote-c"]
MODEL = ROOT / "examples/data/digits.onnx"


def small_files():
    """No file grows beyond 4 kB, as on a disk that is full: to be run in a child before the program."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


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

    def wait_until_full(self, servers):
        """Until as many queries are prepared as the pool holds, at every server."""
        for p in servers:
            self.assertTrue(p.wait_for("waiting for a question"), self.stories())

    def kill(self, servers):
        for p in servers:
            p.send(SIGKILL)
        for p in servers:
            p.wait()

    def pool(self, server):
        """The numbers whose keys lie on a server's disk."""
        return sorted(int(p.stem) for p in (self.folder / f"parts/{server}-state/pool").glob("*.key"))

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

    def test_prepared_queries_outlive_a_crash(self):
        deployment = self.split()
        servers = self.serve(deployment)
        self.wait_until_full(servers)
        self.kill(servers)
        for s in SERVERS:
            self.assertEqual(self.pool(s), [1, 2, 3, 4])
            folder = self.folder / f"parts/{s}-state/pool"
            self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
            self.assertEqual({p.stat().st_mode & 0o777 for p in folder.iterdir()}, {0o600})
        servers = self.serve(deployment, "--queries", 2, "--report", "report.json")
        told = json.loads(self.ask(deployment, 2).out)["answers"]
        self.wait_all(servers)
        self.check_answers(2)
        self.assertEqual([a["query"] for a in told], [1, 2])
        pool = json.loads((self.folder / "report.json").read_text())["pool"]
        self.assertEqual((pool["taken_over"], pool["discarded"]), (4, 0))
        self.assertGreaterEqual(pool["depth"], 2)
        self.assertGreater(pool["bytes_on_disk"], 0)
        for s in SERVERS:
            self.assertNotIn(1, self.pool(s))
            self.assertNotIn(2, self.pool(s))

    def test_a_crash_during_a_query_uses_its_number_up(self):
        """Every server is killed at some moment of it, once before the user's end is reached."""
        deployment = self.split()
        seen = set()
        for victim in SERVERS:
            servers = self.serve(deployment)
            self.wait_until_full(servers)
            numpy.save(self.folder / "many.npy", digits(50))
            asking = self.start("query", "--deployment", deployment, "many.npy", "--report", "many.json", name="user")
            self.assertTrue(servers[0].wait_for("answering"), self.stories())
            servers[SERVERS.index(victim)].send(SIGKILL)
            self.assertNotEqual(asking.wait(), DONE)
            for p in servers:
                p.wait()
            last = max(int((self.folder / f"parts/{s}-state/last-query").read_text()) for s in SERVERS)
            servers = self.serve(deployment, "--queries", 1)
            number = json.loads(self.ask(deployment).out)["answers"][0]["query"]
            self.wait_all(servers)
            self.check_answers(1)
            self.assertGreater(number, last)
            self.assertNotIn(number, seen)
            seen.add(number)

    def test_a_folder_restored_from_a_backup_uses_nothing_again(self):
        deployment = self.split()
        servers = self.serve(deployment)
        self.wait_until_full(servers)
        self.kill(servers)
        state, backup = self.folder / "parts/remote-b-state", self.folder / "backup"
        shutil.copytree(state, backup)
        servers = self.serve(deployment, "--queries", 2)
        told = json.loads(self.ask(deployment, 2).out)["answers"]
        self.wait_all(servers)
        self.assertEqual([a["query"] for a in told], [1, 2])
        shutil.rmtree(state)
        shutil.copytree(backup, state)
        self.assertEqual(self.pool("remote-b"), [1, 2, 3, 4])
        servers = self.serve(deployment, "--queries", 3)
        told = json.loads(self.ask(deployment, 3).out)["answers"]
        self.wait_all(servers)
        self.check_answers(3)
        numbers = [a["query"] for a in told]
        self.assertEqual(numbers[:2], [3, 4])
        self.assertGreater(numbers[2], 4)

    def test_a_damaged_query_is_discarded_by_all(self):
        deployment = self.split()
        servers = self.serve(deployment)
        self.wait_until_full(servers)
        self.kill(servers)
        item = self.folder / "parts/remote-c-state/pool/1.item"
        damaged = bytearray(item.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        item.write_bytes(damaged)
        servers = self.serve(deployment, "--queries", 1)
        told = json.loads(self.ask(deployment).out)["answers"]
        self.wait_all(servers)
        self.check_answers(1)
        self.assertEqual(told[0]["query"], 2)
        self.assertIn("1.item", servers[2].err)
        self.assertNotIn(1, self.pool("gateway"))

    def test_an_empty_pool_is_filled_for_who_waits(self):
        deployment = self.split()
        file = self.folder / deployment
        text = file.read_text().replace("pool = 4", "pool = 1").replace('pool_in = "disk"', 'pool_in = "memory"')
        file.write_text(text)
        servers = self.serve(deployment, "--queries", 3, "--report", "report.json")
        told = json.loads(self.ask(deployment, 3).out)["answers"]
        self.wait_all(servers)
        self.check_answers(3)
        self.assertEqual([a["query"] for a in told], [1, 2, 3])
        self.assertFalse((self.folder / "parts/gateway-state/pool").exists())

    def test_a_full_disk_is_told(self):
        deployment = self.split()
        servers = self.serve(deployment, servers=SERVERS[:2])
        servers.append(
            self.start("serve", deployment, "--party", "remote-c", name="remote-c", prepare=small_files)
        )
        self.assertEqual(servers[2].wait(), IO, self.stories())
        self.assertIn("make room on the disk", servers[2].err.splitlines()[-1])
        for p in servers[:2]:
            self.assertEqual(p.wait(), PEER, self.stories())
            self.assertIn("remote-c", p.err.splitlines()[-1])
        self.assertEqual(self.pool("remote-c"), [])

    def test_a_pool_that_others_may_use_is_refused(self):
        deployment = self.split()
        folder = self.folder / "parts/gateway-state/pool"
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        process = self.start("--quiet", "serve", deployment, "--party", "gateway")
        self.assertEqual(process.wait(), USAGE, self.stories())
        self.assert_one_sentence(process, "chmod 700", "gateway-state/pool")

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
