"""Links between parties that break while all the parties live: they are mended within the patience, and nothing of
the run is changed by it. Lines that stay broken, and parties that are killed behind one, are told as ever."""

import json
import socket
import struct
import threading
import time
import unittest

import jobs
from harness import PARTIES, PEER, SIGKILL, TacitTest, free_ports

OWNERS = ("north", "south")
ENDLESS = 1000000  # epochs


class Line:
    """Between one party that dials and another that is dialled: passes everything on until it is cut."""

    def __init__(self, port):
        self.target, self.let_in, self.connections = port, True, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.changed = threading.Condition()
        self.ends = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                let_in = self.let_in
            try:
                if not let_in:
                    raise OSError
                far = self.dial()
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for s in (near, far):  # a line delays nothing
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self.ends += [near, far]
                self.connections += 1
                self.changed.notify_all()
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def dial(self):
        """The first time, whoever is behind the line may not have started yet."""
        until = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.target), 5)
            except ConnectionRefusedError:
                if self.connections > 0 or time.monotonic() > until:
                    raise

    def pass_on(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.hang_up([source, sink])

    @staticmethod
    def hang_up(ends):
        for s in ends:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, reset=False, for_good=False):
        """Breaks what stands; the moment at which it did."""
        with self.changed:
            self.let_in = not for_good
            ends, self.ends = self.ends, []
        if reset:
            for s in ends:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        now = time.monotonic()
        self.hang_up(ends)
        if reset:
            for s in ends:
                s.close()
        return now

    def wait_for_connections(self, count, limit=30):
        with self.changed:
            return self.changed.wait_for(lambda: self.connections >= count, limit)

    def close(self):
        self.listener.close()
        self.cut()


class Reconnect(TacitTest):
    def prepare(self, **changes):
        """A job in which beta dials alpha, and gamma beta, by way of lines: addresses are no part of the job."""
        ports = free_ports(3)
        self.lines = {"beta": Line(ports[0]), "gamma": Line(ports[1])}
        for line in self.lines.values():
            self.addCleanup(line.close)
        settings = {
            "keys": self.make_keys(*PARTIES, *OWNERS),
            "owners": OWNERS,
            "epochs": 120,
            "releases": jobs.release("metric", ["everyone"]) + jobs.release("model", ["north"]),
            **changes,
        }
        self.write("job.toml", jobs.small_job(ports=ports, **settings))
        self.write("beta.toml", jobs.small_job(ports=[self.lines["beta"].port, *ports[1:]], **settings))
        self.write("gamma.toml", jobs.small_job(ports=[ports[0], self.lines["gamma"].port, ports[2]], **settings))
        for seed, owner in enumerate(OWNERS):
            self.write(f"{owner}.csv", jobs.small_data(seed=seed))

    def start_all(self, by_way_of_lines=True):
        out = {}
        for p in PARTIES:
            job = f"{p}.toml" if by_way_of_lines and p != "alpha" else "job.toml"
            out[p] = self.start("train", job, "--party", p, "--key", f"{p}.key", name=p)
        for owner in OWNERS:
            out[owner] = self.start_owner(owner, f"{owner}.csv")
        return out

    def train(self):
        everyone = self.start_all()
        for p in PARTIES:
            self.assertTrue(everyone[p].wait_for("training "), self.stories())
        return everyone

    def report(self):
        return json.loads((self.folder / "alpha-out/report.json").read_text())

    @staticmethod
    def traffic(report):
        """What the protocol sent in training, by party and scope."""
        return {
            (name, scope): [cost[k] for k in ("bytes_sent", "overhead_bytes", "messages", "rounds")]
            for name, party in report["parties"].items()
            for scope, cost in party["scopes"].items()
            if scope.startswith("train")
        }

    def test_cut_links_are_mended_and_the_run_is_the_same(self):
        self.prepare()
        self.wait_all(self.start_all(by_way_of_lines=False).values())
        unbroken = self.report()
        self.assertTrue(self.traffic(unbroken))
        everyone = self.train()
        for i, dials in enumerate(["beta", "gamma", "beta", "gamma"]):
            self.lines[dials].cut(reset=i % 2 == 1)
            self.assertTrue(self.lines[dials].wait_for_connections(i // 2 + 2), self.stories())
        self.wait_all(everyone.values())
        for name, other in (("beta", "alpha"), ("alpha", "beta"), ("gamma", "beta"), ("beta", "gamma")):
            self.assertIn(f"the link to {other} was re-established", everyone[name].err, self.stories())
        broken = self.report()
        self.assertEqual(self.traffic(broken), self.traffic(unbroken))
        self.assertEqual(broken["disclosures"], unbroken["disclosures"])
        self.assertEqual(broken["resumed"], [])
        self.assertEqual(list(broken["mended"]), ["beta"])
        self.assertIn(broken["mended"]["beta"], (1, 2), "the second cut may come before the link is whole again")
        self.assertNotIn("mended", unbroken)
        self.assertAlmostEqual(broken["accuracy"]["private"], unbroken["accuracy"]["private"], delta=0.05)
        self.assertGreater(broken["accuracy"]["private"], 0.9)
        self.assertIn("north-out/model.onnx", self.files())

    def test_a_line_that_stays_broken_is_told_in_time(self):
        self.prepare(epochs=ENDLESS, patience=3)
        everyone = self.train()
        since = self.lines["beta"].cut(for_good=True)
        for name in ("alpha", "beta"):
            self.assertEqual(everyone[name].wait(), PEER, self.stories())
            self.assertLessEqual(everyone[name].ended_at - since, 3 + 1, self.stories())
        self.assertTrue(
            any("did not come back within 3.0 s" in everyone[name].err for name in ("alpha", "beta")), self.stories()
        )
        self.wait_all([p for n, p in everyone.items() if n not in ("alpha", "beta")], PEER)

    def test_a_party_that_is_killed_behind_a_line_is_named_at_once(self):
        """The line still takes connections, and only the party behind it does not."""
        self.prepare(epochs=ENDLESS)
        everyone = self.train()
        since = everyone["alpha"].send(SIGKILL)
        self.assert_others_notice([p for n, p in everyone.items() if n != "alpha"], "alpha", since, 5)

    def test_a_killed_party_is_named_long_before_the_patience_ends(self):
        self.prepare(epochs=ENDLESS, patience=60)
        for culprit in ("alpha", "gamma"):  # whom all others dialled, and who dialled them
            with self.subTest(culprit):
                everyone = self.start_all(by_way_of_lines=False)
                for p in PARTIES:
                    self.assertTrue(everyone[p].wait_for("training "), self.stories())
                since = everyone[culprit].send(SIGKILL)
                self.assert_others_notice([p for n, p in everyone.items() if n != culprit], culprit, since, 5)


if __name__ == "__main__":
    unittest.main()
