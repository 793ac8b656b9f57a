"""A split model when something goes wrong: servers and users that die, stall or forget, disks that are full or hold
what is old or damaged. Others are told in time, nothing is used twice, and the next question is answered."""

import itertools
import json
import resource
import shutil
import signal
import unittest

from harness import DONE, IO, PEER, USAGE, SIGKILL, SIGSTOP
from splitting import SERVERS, SplitTest, digits

import numpy

PHASES = ["setting up", "preparing", "waiting for a question", "answering user"]


def small_files():
    """No file grows beyond 4 kB, as on a disk that is full: to be run in a child before the program."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


class SplitFaults(SplitTest):
    def test_a_server_lost_in_any_phase(self):
        """Killed or stalled: the others and whoever asks name it in time, and the next session answers."""
        deployment = self.split()
        file = self.folder / deployment
        text, asked = file.read_text(), 0
        for i, (phase, culprit) in enumerate(itertools.product(PHASES, (0, 2))):
            what = SIGSTOP if i % 3 == 1 else SIGKILL
            with self.subTest(phase=phase, culprit=SERVERS[culprit], what=what):
                # Long enough for the phase to be met.
                file.write_text(text.replace("pool = 4 ", "pool = 200 " if phase == "preparing" else "pool = 4 "))
                servers = self.serve(deployment)
                others = [p for p in servers if p is not servers[culprit]]
                if phase == "answering user":
                    numpy.save(self.folder / "many.npy", digits(200))
                    others.append(self.start("query", "--deployment", deployment, "many.npy", name="user"))
                self.assertTrue(servers[culprit].wait_for(phase), self.stories())
                since = servers[culprit].send(what)
                self.assert_others_notice(others, SERVERS[culprit], since, 2)
                self.kill([servers[culprit]])
                file.write_text(text)
                servers = self.serve(deployment, "--queries", 1)
                number = json.loads(self.ask(deployment).out)["answers"][0]["query"]
                self.wait_all(servers)
                self.check_answers(1)
                self.assertGreater(number, asked)
                asked = number

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


if __name__ == "__main__":
    unittest.main()
