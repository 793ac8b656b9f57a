"""docs/three-machines.md as it stands, on three machines that are network namespaces on one bridge: each has its own
address, its own folder and its own copy of the job file, and nothing else in common. Needs root's rights."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

import jobs
from harness import DONE, PARTIES, PEER, TACIT, TacitTest

PORT = 7100


def ip(*words):
    return subprocess.run(["ip", *map(str, words)], capture_output=True, text=True)


class ThreeMachines(TacitTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or shutil.which("ip") is None:
            self.skipTest("network namespaces need root's rights and the program 'ip'")
        self.prefix = f"tacit{os.getpid()}"
        self.switch = f"{self.prefix}-switch"
        if ip("netns", "add", self.switch).returncode != 0:
            self.skipTest("no network namespace can be made here")
        self.addCleanup(ip, "netns", "del", self.switch)
        self.must("-n", self.switch, "link", "add", "bridge0", "type", "bridge")
        self.must("-n", self.switch, "link", "set", "bridge0", "up")
        for number, name in enumerate(PARTIES, 1):
            self.connect(name, number)

    def must(self, *words):
        done = ip(*words)
        if done.returncode != 0:
            self.skipTest(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")

    def connect(self, name, number):
        space = self.space(name)
        self.must("netns", "add", space)
        self.addCleanup(ip, "netns", "del", space)
        for words in (
            ("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", space),
            ("link", "set", name, "master", "bridge0"),
            ("link", "set", name, "up"),
        ):
            self.must("-n", self.switch, *words)
        for words in (
            ("addr", "add", f"10.77.0.{number}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            self.must("-n", space, *words)
        (self.folder / name).mkdir()

    def space(self, name):
        return f"{self.prefix}-{name}"

    def at(self, machine, *words, name=None):
        """A command that is typed at a machine, in its folder."""
        inside = ("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", self.folder / machine, TACIT)
        return self.start(
            "netns", "exec", self.space(machine), *inside, *words, program="ip", name=name or f"{machine}: {words[0]}"
        )

    def write_jobs(self, keys, **changes):
        ports = range(20001, 20004)
        text = jobs.small_job(keys=keys, ports=ports, owners=("north", "south"), **changes)
        for number, port in enumerate(ports, 1):
            text = text.replace(f"127.0.0.1:{port}", f"10.77.0.{number}:{PORT}")
        for name in PARTIES:
            self.write(f"{name}/job.toml", text)

    def prepare(self):
        """Steps 1 and 2 of the page: everybody makes a key where it stays, and all get the same job file."""
        keys = {}
        for machine, name in (*zip(PARTIES, PARTIES), ("alpha", "north"), ("beta", "south")):
            made = self.at(machine, "--json", "--quiet", "keys", "new", name)
            self.assertEqual(made.wait(), DONE, self.stories())
            keys[name] = json.loads(made.out)[name]["key"]
        self.write_jobs(keys)
        return keys

    def doctors(self, *more, who=PARTIES):
        running = {p: self.at(p, "--json", "doctor", "job.toml", "--party", p, *more) for p in who}
        out = {}
        for p, process in running.items():
            self.assertIsNotNone(process.wait(), self.stories())
            told = json.loads(process.out)
            out[p] = {(f["peer"], f["subject"]): f for f in told["findings"]} | {"code": told["exit_code"]}
        return out

    def test_from_keys_to_the_report(self):
        self.prepare()
        for p, found in self.doctors().items():
            self.assertEqual(found["code"], DONE, self.stories())
        self.write("alpha/north.csv", jobs.small_data(seed=1))
        self.write("beta/south.csv", jobs.small_data(seed=2))
        running = [self.at(p, "train", "job.toml", "--party", p) for p in PARTIES]
        running.append(self.at("alpha", "train", "job.toml", "--owner", "north", "--data", "north.csv"))
        running.append(self.at("beta", "train", "job.toml", "--owner", "south", "--data", "south.csv"))
        self.wait_all(running)
        self.assertTrue((self.folder / "alpha/north-out/model.onnx").exists())
        report = json.loads((self.folder / "gamma/gamma-out/report.json").read_text())
        self.assertEqual(report["party_order"], PARTIES)

    def test_a_slow_line_is_measured(self):
        self.prepare()
        shaped = subprocess.run(
            ["tc", "-n", self.space("gamma"), "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8mbit"]
            + ["burst", "16kb", "latency", "2s"],
            capture_output=True,
        )
        if shaped.returncode != 0:
            self.skipTest("the line cannot be slowed down here: " + shaped.stderr.decode())
        found = self.doctors()
        self.assertEqual(found["alpha"]["beta", "bandwidth"]["state"], "ok", self.stories())
        for p in ("alpha", "beta"):
            slow = found[p]["gamma", "bandwidth"]
            self.assertEqual(slow["state"], "warning", self.stories())
            rate = float(slow["found"].split(" from here, ")[1].split(" Mbit/s")[0])
            self.assertTrue(5 < rate < 8.5, slow)  # what comes from gamma
        self.assertEqual(found["gamma"]["alpha", "bandwidth"]["state"], "warning", self.stories())

    def test_a_cable_is_out(self):
        self.prepare()
        self.must("-n", self.space("beta"), "link", "set", "eth0", "down")
        since = time.monotonic()
        found = self.doctors("--wait", 3)
        self.assertLess(time.monotonic() - since, 60)
        for p in ("alpha", "gamma"):
            self.assertEqual(found[p]["code"], PEER, self.stories())
            self.assertEqual(found[p]["beta", "connection"]["state"], "wrong", self.stories())
        self.assertIn(("gamma", "bandwidth"), found["alpha"], self.stories())

    def test_an_address_that_others_cannot_reach(self):
        """Alpha's copy says 127.0.0.1: it listens where nobody comes."""
        self.prepare()
        file = pathlib.Path(self.folder / "alpha/job.toml")
        file.write_text(file.read_text().replace("10.77.0.1", "127.0.0.1"))
        found = self.doctors("--wait", 3)
        self.assertEqual(found["alpha"]["", "port"]["state"], "warning", self.stories())
        self.assertEqual(found["alpha"]["code"], PEER, self.stories())
        for p in ("beta", "gamma"):
            self.assertIn("does not answer", found[p]["alpha", "connection"]["found"], self.stories())
        # With 0.0.0.0 in its own copy, all is well.
        file.write_text(file.read_text().replace("127.0.0.1", "0.0.0.0"))
        for p, of in self.doctors().items():
            self.assertEqual(of["code"], DONE, self.stories())


if __name__ == "__main__":
    unittest.main()
