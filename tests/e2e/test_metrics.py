"""What a running party tells Prometheus: scraped while it waits, while it trains and after, over its local port;
nothing that it was not told; and no port without --metrics."""

import http.client
import json
import re
import socket
import time
import unittest

import jobs
from harness import IO, LIMIT, PARTIES, USAGE, TacitTest, free_ports

LINE = re.compile(r'^(\w+)\{job_name="small",party="(\w+)"(?:,(\w+)="([^"]*)")?\} (\S+)$')


def listening(port):
    """The local addresses, as the kernel writes them, at which somebody listens on the port."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:
            for line in list(lines)[1:]:
                address, state = line.split()[1], line.split()[3]
                if state == "0A" and int(address.rsplit(":", 1)[1], 16) == port:
                    found.append(address.rsplit(":", 1)[0])
    return found


class Metrics(TacitTest):
    def prepare(self, epochs, releases):
        keys = self.make_keys(*PARTIES, "north")
        self.write(
            "job.toml",
            jobs.small_job(keys, free_ports(3), owners=("north",), epochs=epochs, releases=releases),
        )
        self.write("north.csv", jobs.small_data(200))

    def port_of(self, party):
        """As the party tells it."""
        self.assertTrue(party.wait_for("/metrics"), self.stories())
        return int(re.search(r"http://127\.0\.0\.1:(\d+)/metrics", party.err)[1])

    def get(self, port, path="/metrics", host=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
        try:
            connection.request("GET", path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()
        finally:
            connection.close()

    def scrape(self, port, party):
        status, kind, text = self.get(port)
        self.assertEqual(status, 200, text)
        self.assertTrue(kind.startswith("text/plain; version=0.0.4"), kind)
        values = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            match = LINE.match(line)
            self.assertTrue(match, line)
            self.assertEqual(match[2], party)
            values[match[1] if match[3] is None else (match[1], match[4])] = float(match[5])
        return values

    def scrape_until(self, port, party, wanted):
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            values = self.scrape(port, party)
            if wanted(values):
                return values
        self.fail("what was waited for never came" + self.stories())

    def test_a_party_that_waits_trains_and_answers(self):
        self.prepare(
            200, jobs.release("loss", ["alpha"], 1000) + jobs.release("predictions", ["north"], 5)
        )
        parties = {
            p: self.start("party", "job.toml", "--party", p, "--metrics", "0", name=p) for p in PARTIES
        }
        ports = {p: self.port_of(parties[p]) for p in PARTIES}
        self.assertEqual(len(set(ports.values())), 3)
        for p in PARTIES:
            self.assertEqual(listening(ports[p]), ["0100007F"], "on this machine alone")
            self.assertTrue(parties[p].wait_for("waiting for north"), self.stories())
        before = self.scrape_until(
            ports["alpha"], "alpha", lambda v: ("tacit_doing", "waiting for north") in v
        )
        self.assertEqual(before["tacit_connected_peers", "party"], 2)
        self.assertEqual(before["tacit_connected_peers", "owner"], 0)
        self.assertEqual(before["tacit_batches_total"], 0)
        self.assertNotIn("tacit_loss", before)
        self.assertGreater(before["tacit_memory_bytes"], 1e6)

        north = self.start("share", "job.toml", "--owner", "north", "--data", "north.csv", name="north")
        early = self.scrape_until(ports["alpha"], "alpha", lambda v: v["tacit_batches_total"] > 0)
        self.assertEqual(early["tacit_batches_planned"], 1000)
        self.assertIn("tacit_loss", early)
        late = self.scrape_until(
            ports["alpha"], "alpha", lambda v: v["tacit_batches_total"] > early["tacit_batches_total"]
        )
        for name in ("tacit_bytes_sent_total", "tacit_rounds_total", "tacit_messages_sent_total"):
            self.assertGreater(late[name], early[name], name)
        for phase in ("train/forward", "train/backward", "train/update", "sharing"):
            self.assertGreater(late["tacit_phase_seconds_total", phase], 0)
        self.assertGreater(
            late["tacit_phase_bytes_sent_total", "train/forward"],
            early["tacit_phase_bytes_sent_total", "train/forward"],
        )
        # Whoever was not told the loss tells none.
        self.assertNotIn("tacit_loss", self.scrape(ports["beta"], "beta"))

        self.assertEqual(north.wait(), 0, self.stories())
        done = self.scrape_until(
            ports["alpha"], "alpha", lambda v: ("tacit_doing", "waiting for someone to ask") in v
        )
        self.assertEqual(done["tacit_batches_total"], 1000)
        report = json.loads((self.folder / "alpha-out/report.json").read_text())
        # A little more is sent once the report is written down.
        counted = report["parties"]["alpha"]
        self.assertGreaterEqual(done["tacit_bytes_sent_total"], counted["bytes_sent"])
        self.assertLess(done["tacit_bytes_sent_total"], 1.05 * counted["bytes_sent"] + 100_000)
        scopes = counted["scopes"]
        self.assertAlmostEqual(
            done["tacit_phase_seconds_total", "train/forward"], scopes["train/forward"]["seconds"], places=6
        )
        self.write("ask.csv", jobs.table(["size", "age", "kind"], [r[:3] for r in jobs.small_rows(5)]))
        self.run_tacit("--quiet", "predict", "job.toml", "--owner", "north", "--data", "ask.csv")
        after = self.scrape_until(ports["alpha"], "alpha", lambda v: ("tacit_phase_seconds_total", "predict") in v)
        self.assertGreater(after["tacit_bytes_sent_total"], done["tacit_bytes_sent_total"], "counts only grow")

    def test_who_asks_and_how(self):
        self.prepare(1, "")
        alpha = self.start("train", "job.toml", "--party", "alpha", "--metrics", "0", name="alpha")
        port = self.port_of(alpha)
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost"):
            self.assertEqual(self.get(port, host=host)[0], 200, host)
        for host in ("tacit.example", f"tacit.example:{port}", "127.0.0.1.example"):
            status, _, text = self.get(port, host=host)
            self.assertEqual(status, 403, host)
            self.assertNotIn("tacit_", text)
        self.assertEqual(self.get(port, "/")[0], 404)
        # Somebody who connects and says nothing holds up nobody for long.
        with socket.create_connection(("127.0.0.1", port)):
            self.assertEqual(self.get(port)[0], 200)

    def test_a_port_that_is_taken(self):
        self.prepare(1, "")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            process = self.run_tacit(
                "--quiet", "train", "job.toml", "--party", "alpha", "--metrics", port, code=IO
            )
        self.assert_one_sentence(process, "--metrics", str(port))

    def test_only_for_one_party(self):
        self.prepare(1, "")
        data = ("--data", "north.csv")
        for words in (("--owner", "north", *data), ("--simulate", *data), ("--local", *data)):
            process = self.run_tacit("--quiet", "train", "job.toml", *words, "--metrics", "0", code=USAGE)
            self.assert_one_sentence(process, "--metrics", "party")
        self.run_tacit("--quiet", "train", "job.toml", "--party", "alpha", "--metrics", "70000", code=USAGE)

    def test_off_by_default(self):
        self.prepare(1, "")
        parties = [self.start_party(p) for p in PARTIES]
        north = self.start_owner("north", "north.csv")
        self.wait_all([*parties, north])
        for party in parties:
            self.assertNotIn("Metrics", party.err)


if __name__ == "__main__":
    unittest.main()
