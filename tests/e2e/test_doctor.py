"""'tacit doctor' as three operators run it: all well, and each thing broken in turn. What is wrong ends with the
exit code of whose side it is on, is told with how to mend it, and hides nothing of the rest."""

import json
import os
import re
import socket
import subprocess
import time
import unittest

import jobs
from harness import DONE, PARTIES, PEER, ROOT, SIGCONT, SIGSTOP, USAGE, TacitTest, free_ports

OF_A_PEER = {"connection", "version", "job", "processor", "clock", "latency", "bandwidth"}
OF_OURS = {
    "program", "processor", "clock", "job file", "party", "model", "address of alpha", "address of beta",
    "address of gamma", "memory", "results folder", "state folder", "disk", "key", "port",
}  # fmt: skip


class Doctor(TacitTest):
    def setUp(self):
        super().setUp()
        self.keys = self.make_keys(*PARTIES, "north")
        self.settings = {"keys": self.keys, "ports": free_ports(3), "owners": ("north",)}
        self.write("job.toml", jobs.small_job(**self.settings))

    def other_job(self, name="other.toml", **changes):
        self.write(name, jobs.small_job(**{**self.settings, **changes}))
        return name

    def start_doctor(self, party, *more, job="job.toml", wait=20):
        return self.start(
            "--json", "doctor", job, "--party", party, "--wait", wait, *more, name=f"doctor of {party}"
        )

    def result(self, process, code):
        """Its findings as (peer, subject) -> finding; each that calls for mending says how, in a sentence."""
        self.assertEqual(process.wait(), code, self.stories())
        told = json.loads(process.out)
        self.assertEqual(told["exit_code"], code)
        for f in told["findings"]:
            self.assertEqual(bool(f["mend"]), f["state"] in ("warning", "wrong"), f)
            if f["mend"]:
                self.assertRegex(f["mend"], r"^[A-Z].*\.$")
        return {(f["peer"], f["subject"]): f for f in told["findings"]}

    def assert_found(self, found, peer, subject, state, *parts):
        self.assertIn((peer, subject), found, self.stories())
        f = found[peer, subject]
        self.assertEqual(f["state"], state, f)
        for part in parts:
            self.assertIn(part, f["found"] + " " + f["mend"])

    def assert_well(self, found, peer):
        """All that there is to know of a peer has been looked at, and nothing of it is wrong."""
        self.assertEqual({s for p, s in found if p == peer}, OF_A_PEER, self.stories())
        wrong = [f for (p, _), f in found.items() if p == peer and f["state"] == "wrong"]
        self.assertEqual(wrong, [], self.stories())

    def three(self, codes, **of):
        """The results of all three doctors; `of` gives a party's own arguments: job, more, wait."""
        running = {}
        for p in PARTIES:
            own = of.get(p, {})
            running[p] = self.start_doctor(p, *own.pop("more", ()), **own)
        return {p: self.result(running[p], codes[p]) for p in PARTIES}

    # ---- all well

    def test_all_is_well(self):
        results = self.three(dict.fromkeys(PARTIES, DONE))
        for p in PARTIES:
            self.assertEqual({s for peer, s in results[p] if not peer}, OF_OURS)
            for other in PARTIES:
                if other != p:
                    self.assert_well(results[p], other)
        self.assertFalse([f for f in self.files() if "-out" in f or "-state" in f], "a doctor leaves nothing")

    def test_in_words(self):
        others = [self.start_doctor(p) for p in PARTIES[1:]]
        alpha = self.run_tacit("doctor", "job.toml", "--party", "alpha")
        self.wait_all(others)
        lines = alpha.out.splitlines()
        for line in lines[:-1]:
            self.assertRegex(line, r"^(ok|warning|wrong|skipped) +[^:]+: .+")
        self.assertRegex(lines[-1], r"^(all \d+ checks are well|of \d+ checks 0 wrong, .*)$")
        self.assertIn("measuring the link with gamma", alpha.err)

    def test_quiet_tells_what_was_found_and_no_progress(self):
        others = [self.start_doctor(p) for p in PARTIES[1:]]
        alpha = self.run_tacit("--quiet", "doctor", "job.toml", "--party", "alpha")
        self.wait_all(others)
        self.assertEqual(alpha.err, "")
        self.assertIn("gamma, bandwidth", alpha.out)

    def test_all_on_this_machine(self):
        process = self.run_tacit("--json", "doctor", "job.toml", "--local")
        told = json.loads(process.out)
        self.assertEqual(list(told["parties"]), PARTIES)
        for p in PARTIES:
            subjects = {(f["peer"], f["subject"]) for f in told["parties"][p]["findings"]}
            for other in PARTIES:
                if other != p:
                    self.assertTrue({(other, s) for s in OF_A_PEER} <= subjects, process.story())
        words = self.run_tacit("--quiet", "doctor", "job.toml", "--local").out
        for p in PARTIES:
            self.assertIn(f"{p}:\n", words)

    def test_without_a_party(self):
        told = json.loads(self.run_tacit("--json", "doctor", "job.toml").out)
        found = {(f["peer"], f["subject"]): f for f in told["findings"]}
        self.assert_found(found, "", "model", "ok")
        self.assert_found(found, "", "pairs", "skipped", "--party")
        self.assertNotIn(("", "key"), found)

    # ---- one of three

    def test_one_is_absent(self):
        running = {p: self.start_doctor(p, wait=2) for p in ("alpha", "gamma")}
        since = time.monotonic()
        for p, process in running.items():
            found = self.result(process, PEER)
            self.assert_found(found, "beta", "connection", "wrong", "does not answer", "--party beta")
            self.assert_well(found, "gamma" if p == "alpha" else "alpha")
            self.assertLess(process.ended_at - since, 30)

    def test_one_has_another_job(self):
        self.other_job(epochs=4)
        results = self.three(dict.fromkeys(PARTIES, PEER), beta={"job": "other.toml"})
        self.assert_found(results["alpha"], "beta", "job", "wrong", "another job file")
        self.assert_found(results["gamma"], "beta", "job", "wrong", "another job file")
        for p in ("alpha", "gamma"):
            self.assert_found(results["beta"], p, "job", "wrong", "another job file")
        self.assert_found(results["alpha"], "gamma", "job", "ok")
        self.assertIn(("beta", "latency"), results["alpha"])  # measured all the same

    def test_addresses_and_patience_to_start_may_differ(self):
        self.other_job(start_patience=31)
        text = (self.folder / "other.toml").read_text().replace("127.0.0.1", "localhost")
        self.write("other.toml", text)
        self.three(dict.fromkeys(PARTIES, DONE), gamma={"job": "other.toml"})

    def test_one_has_another_key_and_a_job_that_says_so(self):
        own = self.make_keys("stranger")["stranger"]
        self.other_job(keys={**self.keys, "beta": own})
        results = self.three(
            dict.fromkeys(PARTIES, PEER),
            alpha={"wait": 4},
            beta={"job": "other.toml", "more": ("--key", "stranger.key"), "wait": 4},
            gamma={"wait": 4},
        )
        for p in ("alpha", "gamma"):
            self.assert_found(results[p], "beta", "key", "wrong", own, self.keys["beta"])
        self.assert_found(results["beta"], "alpha", "key", "wrong", "your key is not in this party's job file")
        self.assert_well(results["alpha"], "gamma")
        self.assert_well(results["gamma"], "alpha")

    def test_one_has_anothers_key_file(self):
        codes = {"alpha": PEER, "beta": USAGE, "gamma": PEER}
        results = self.three(
            codes, alpha={"wait": 3}, beta={"more": ("--key", "gamma.key")}, gamma={"wait": 3}
        )
        self.assert_found(results["beta"], "", "key", "wrong", "which is gamma's")
        self.assert_found(results["beta"], "", "pairs", "skipped")
        for p in ("alpha", "gamma"):
            self.assert_found(results[p], "beta", "connection", "wrong")

    def test_the_port_is_taken(self):
        port = self.settings["ports"][0]
        codes = {"alpha": USAGE, "beta": PEER, "gamma": PEER}
        with socket.create_server(("127.0.0.1", port)):
            results = self.three(codes)
        self.assert_found(results["alpha"], "", "port", "wrong", f"127.0.0.1:{port}", "in use")
        for other in ("beta", "gamma"):
            self.assert_found(results["alpha"], other, "connection", "skipped")
            self.assert_found(results[other], "alpha", "connection", "wrong", "TLS")
        self.assert_well(results["beta"], "gamma")
        self.assert_well(results["gamma"], "beta")

    def test_one_stands_still(self):
        """Beta is absent, so that the others wait; then gamma is stopped, and nothing hangs."""
        running = {p: self.start_doctor(p, wait=6) for p in ("alpha", "gamma")}
        self.assertTrue(running["gamma"].wait_for("waiting for beta"), self.stories())
        since = running["gamma"].send(SIGSTOP)
        found = self.result(running["alpha"], PEER)
        self.assertLess(running["alpha"].ended_at - since, 40, self.stories())
        self.assertIn("wrong", [f["state"] for (p, _), f in found.items() if p == "gamma"], self.stories())
        running["gamma"].send(SIGCONT)
        self.result(running["gamma"], PEER)

    def test_a_party_runs_its_job_already(self):
        """A doctor beside a session that is beginning says so, and does not hang."""
        alpha = self.start_doctor("alpha", wait=5)
        self.start_doctor("beta", wait=5)
        gamma = self.start_party("gamma")
        found = self.result(alpha, PEER)
        self.assert_found(found, "gamma", "connection", "wrong", "session")
        self.assertEqual(gamma.wait(), PEER, self.stories())

    # ---- what is wrong at home

    def alone(self, *arguments, code, job="job.toml", prepare=None):
        process = self.start(
            "--json", "doctor", job, "--party", "alpha", "--wait", 1, *arguments, prepare=prepare
        )
        return self.result(process, code)

    def test_no_key(self):
        (self.folder / "alpha.key").unlink()
        self.assert_found(self.alone(code=USAGE), "", "key", "wrong", "alpha.key", "tacit keys new alpha")

    def test_a_key_that_others_may_read(self):
        os.chmod(self.folder / "alpha.key", 0o640)
        self.assert_found(self.alone(code=USAGE), "", "key", "wrong", "chmod 600")

    def test_a_mistake_in_the_job_hides_nothing(self):
        os.chmod(self.folder / "alpha.key", 0o640)
        text = (self.folder / "job.toml").read_text().replace("batch = 32", "batch = 0")
        self.write("job.toml", text)
        found = self.alone("--state", "/proc/nowhere", code=USAGE)
        line = text[: text.index("batch = 0")].count("\n") + 1
        self.assert_found(found, "", "job file", "wrong", f"job.toml:{line}:")
        self.assert_found(found, "", "key", "wrong", "chmod 600")
        self.assert_found(found, "", "state folder", "wrong", "/proc/nowhere", "--state")

    def test_no_job(self):
        self.assert_found(self.alone(code=USAGE, job="none.toml"), "", "job file", "wrong", "none.toml")

    def test_a_name_that_does_not_resolve(self):
        text = (self.folder / "job.toml").read_text()
        self.write("job.toml", text.replace(f"127.0.0.1:{self.settings['ports'][1]}", "beta.invalid:7100"))
        found = self.alone(code=USAGE)
        self.assert_found(found, "", "address of beta", "wrong", "beta.invalid", "does not resolve")
        self.assert_found(found, "", "address of gamma", "ok")
        self.assert_found(found, "", "port", "warning", "no other machine can reach")

    def test_somebody_elses_address(self):
        text = (self.folder / "job.toml").read_text()
        self.write("job.toml", text.replace(f"127.0.0.1:{self.settings['ports'][0]}", "192.0.2.7:7100"))
        self.assert_found(self.alone(code=USAGE), "", "port", "wrong", "no address of this machine")

    def test_an_unknown_party_and_an_owner(self):
        for name, hint in (("alpa", "--party alpha"), ("north", "owner")):
            found = self.result(self.start_doctor(name), USAGE)
            self.assert_found(found, "", "party", "wrong", hint)

    def test_a_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = (
            os.geteuid() == 0
            and subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True
            ).returncode
            == 0
        )
        if not mounted:
            self.skipTest("mounting a small file system needs root's rights")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        found = self.alone("--state", "disk/state", code=PEER)  # the others are absent
        self.assert_found(found, "", "disk", "warning", "--state")
        self.assert_found(found, "", "state folder", "ok")
        with open(disk / "filler", "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        found = self.alone("--state", "disk/state", code=USAGE)
        self.assert_found(found, "", "disk", "wrong", "--state")
        self.assert_found(found, "", "state folder", "wrong", "No space left on device")

    def test_options_that_exclude_one_another(self):
        process = self.run_tacit("doctor", "job.toml", "--local", "--party", "alpha", code=USAGE)
        self.assert_one_sentence(process, "--local")

    # ---- the page

    def test_the_page_names_all_that_is_looked_at(self):
        """docs/doctor.md has a row for every subject that the sources can name."""
        page = (ROOT / "docs/doctor.md").read_text()
        subjects = set()
        for source in (ROOT / "src/tacit/job/doctor").glob("*.cc"):
            if not source.stem.endswith("_test"):
                subjects |= set(re.findall(r'\b(?:ok|warning|wrong|skipped)\(\s*"([a-z ]+)"', source.read_text()))
        self.assertTrue(OF_A_PEER <= subjects, subjects)
        for subject in subjects:
            self.assertRegex(page, rf"(?m)^\|[^|]*\b{subject}\b[^|]*\|", subject)


if __name__ == "__main__":
    unittest.main()
