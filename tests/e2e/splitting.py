"""What tests of a split model have in common: a model cut into parts, its servers, and a user who asks."""

import gzip

from harness import ROOT, SIGKILL, TacitTest, free_ports

import numpy

SERVERS = ["gateway", "remote-b", "remote-c"]
MODEL = ROOT / "examples/data/digits.onnx"


def digits(count):
    with gzip.open(ROOT / "examples/data/digits.csv.gz", "rt") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1 : count + 1]]
    return numpy.array([[float(v) for v in row[:64]] for row in rows]).reshape(count, 1, 8, 8) / 16


class SplitTest(TacitTest):
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
