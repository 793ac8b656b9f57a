"""Uploads as they go in the world: of owners that come at the same time, over connections that break, and of
files that are larger than the memory of everyone who handles them."""

import json
import resource
import socket
import sys
import threading
import time
import unittest

import numpy

import jobs
from harness import PARTIES, PEER, SIGSTOP, TacitTest, free_ports

OWNERS = ("north", "south")


class Proxy:
    """Between an owner and one party. It breaks the first connections after so many bytes from the owner, and then
    lets everything through, or nobody in."""

    def __init__(self, port, *breaks_after, opens_again=True):
        self.target, self.breaks_after, self.opens_again = port, breaks_after, opens_again
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.broke_at, self.connections = None, 0
        self.broken = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                owner, _ = self.listener.accept()
            except OSError:
                return
            if self.broke_at and not self.opens_again:  # it was let in before the listener closed
                owner.close()
                continue
            try:
                party = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                owner.close()
                continue
            left = self.breaks_after[self.connections] if self.connections < len(self.breaks_after) else None
            self.connections += 1
            both = (owner, party)
            threading.Thread(target=self.pass_on, args=(owner, party, left, both), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(party, owner, None, both), daemon=True).start()

    def pass_on(self, source, sink, left, both):
        try:
            while data := source.recv(65536):
                if left is not None and (left := left - len(data)) < 0:
                    self.broke_at = time.monotonic()
                    if not self.opens_again:
                        self.listener.close()
                    break
                sink.sendall(data)
        except OSError:
            pass
        for s in both:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if self.broke_at:
            self.broken.set()

    def close(self):
        self.listener.close()


class Uploads(TacitTest):
    def prepare(self, rows=200, **changes):
        self.ports = free_ports(3)
        self.keys = self.make_keys(*PARTIES, *OWNERS)
        self.settings = {
            "keys": self.keys,
            "ports": self.ports,
            "owners": OWNERS,
            "epochs": 1,
            "patience": 3,
            "releases": jobs.release("metric", ["everyone"]),
            **changes,
        }
        self.write("job.toml", jobs.small_job(**self.settings))
        for seed, owner in enumerate(OWNERS):
            header, _, lines = jobs.small_data(200, seed).partition("\n")
            self.write(f"{owner}.csv", header + "\n" + lines * (rows // 200))

    def through(self, proxies):
        """North's job file, which leads it through proxies: addresses are no part of the job."""
        self.addCleanup(lambda: [p.close() for p in proxies])
        self.write("north.toml", jobs.small_job(**{**self.settings, "ports": [p.port for p in proxies]}))

    def accuracy(self):
        return json.loads((self.folder / "alpha-out/report.json").read_text())

    def test_connections_break_and_the_upload_goes_on(self):
        self.prepare(rows=60000)
        # 2.4 MB to each that holds the rows, which are the first party and another.
        proxies = [Proxy(self.ports[0], 800000, 700000, 300000), Proxy(self.ports[1]), Proxy(self.ports[2])]
        self.through(proxies)
        parties = [self.start_party(p) for p in PARTIES]
        north = self.start_owner("north", "north.csv", "north.toml", "--key", "north.key")
        south = self.start_owner("south", "south.csv")
        self.wait_all([*parties, north, south])
        self.assertIn("the connection broke: connecting anew", north.err)
        self.assertEqual(proxies[0].connections, 4, "three that broke, and one that served to the end")
        self.assertTrue(all(p.connections >= 4 for p in proxies), "an owner comes back to all")
        self.assertEqual(self.accuracy()["job"]["train_rows"], 96000)

    def test_and_of_an_owner_that_only_shares(self):
        self.prepare(rows=60000, releases=jobs.release("metric", ["south"]))
        proxies = [Proxy(self.ports[0], 900000), Proxy(self.ports[1]), Proxy(self.ports[2])]
        self.through(proxies)
        parties = [self.start_party(p) for p in PARTIES]
        words = ("share", "north.toml", "--owner", "north", "--data", "north.csv", "--key", "north.key")
        north = self.start(*words, name="north")
        south = self.start_owner("south", "south.csv")
        self.wait_all([*parties, north, south])
        self.assertTrue(proxies[0].broken.is_set(), self.stories())
        self.assertIn("Shared.", north.err)

    def test_who_cannot_come_back_is_named_in_time(self):
        self.prepare(rows=60000, patience=2)
        proxies = [Proxy(p, 900000, opens_again=False) for p in self.ports]
        self.through(proxies)
        parties = [self.start_party(p) for p in PARTIES]
        north = self.start_owner("north", "north.csv", "north.toml", "--key", "north.key")
        south = self.start_owner("south", "south.csv")
        self.assertTrue(proxies[0].broken.wait(60) or proxies[1].broken.wait(1), self.stories())
        since = min(p.broke_at for p in proxies if p.broke_at)
        self.assert_others_notice([*parties, south], "north", since, 2)
        self.assertEqual(north.wait(), PEER, self.stories())

    def test_an_owner_does_not_wait_for_another(self):
        """South shares and goes, while north stands still in the middle of its upload."""
        self.prepare(patience=20, releases=jobs.release("metric", ["north"]))
        header, _, lines = jobs.small_data(200).partition("\n")
        self.write("north.csv", header + "\n" + lines * 10000)
        parties = [self.start_party(p) for p in PARTIES]
        north = self.start_owner("north", "north.csv")
        self.assertTrue(north.wait_for("sharing "), self.stories())
        north.send(SIGSTOP)
        words = ("share", "job.toml", "--owner", "south", "--data", "south.csv")
        south = self.start(*words, name="south")
        self.assertEqual(south.wait(15), 0, self.stories())
        self.assertTrue(all(p.ended_at is None for p in parties), self.stories())
        self.assertIsNone(north.ended_at)


IMAGES = """[data]
test_fraction = 0.02
shape = [1, 32, 32]
array = { range = [0, 2] }
label = { name = "kind", type = "binary", values = ["0", "1"] }

[model]
network = "logistic"

[training]
epochs = 1
batch = 512
checkpoint_every = 0
loss = "binary_cross_entropy"
[training.optimiser]
rate = 0.02

"""
MEMORY = 192 << 20  # bytes of data that a process may have
ROWS, PIXELS = 52000, 1024


def little_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


class LargerThanMemory(TacitTest):
    def make_data(self):
        """203 MiB of images; one kind is brighter in places."""
        source = numpy.random.default_rng(1)
        labels = source.integers(0, 2, ROWS)
        mark = (source.random(PIXELS) < 0.3).astype(numpy.float32)
        images = numpy.lib.format.open_memmap(
            self.folder / "north.npy", mode="w+", dtype=numpy.float32, shape=(ROWS, 32, 32)
        )
        for begin in range(0, ROWS, 1000):
            end = min(ROWS, begin + 1000)
            noise = source.random((end - begin, PIXELS), dtype=numpy.float32)
            images[begin:end] = (noise + labels[begin:end, None] * mark).reshape(-1, 32, 32)
        images.flush()
        numpy.save(self.folder / "labels.npy", labels.astype(numpy.int64))

    def test_it_is_shared_and_trained_on(self):
        self.make_data()
        size = (self.folder / "north.npy").stat().st_size
        self.assertGreater(size, MEMORY)
        # Who reads the file whole has not enough memory for it.
        whole = self.start(
            "-c",
            "import numpy; numpy.fromfile('north.npy', dtype='u1')",
            prepare=little_memory,
            program=sys.executable,
            name="a program that reads it whole",
        )
        self.assertEqual(whole.wait(), 1, self.stories())
        self.assertIn("MemoryError", whole.err)

        keys = self.make_keys(*PARTIES, "north")
        places = jobs.places(keys, free_ports(3), ["north"])
        head = '[job]\nname = "large"\npatience = 10\nstart_patience = 30\n\n'
        self.write("job.toml", head + places + IMAGES + jobs.release("metric", ["everyone"]))
        words = ("train", "job.toml")
        everyone = [self.start(*words, "--party", p, name=p, prepare=little_memory) for p in PARTIES]
        data = ("--data", "north.npy", "--labels", "labels.npy")
        everyone.append(self.start(*words, "--owner", "north", *data, name="north", prepare=little_memory))
        self.wait_all(everyone, limit=400)
        report = json.loads((self.folder / "alpha-out/report.json").read_text())
        self.assertEqual((report["job"]["train_rows"], report["job"]["test_rows"]), (50960, 1040))
        self.assertGreater(report["accuracy"]["private"], 0.9)


if __name__ == "__main__":
    unittest.main()
