"""What the end-to-end tests share: a folder with a job, its keys and data (TacitTest), and the program's
processes with their output and the moment at which each ended (Process). The program is the one that TACIT
names."""

import csv
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TACIT = os.environ.get("TACIT", str(ROOT / "build/apps/tacit/tacit"))
PARTIES = ["alpha", "beta", "gamma"]

DONE, USAGE, IO, PEER = 0, 2, 3, 4  # exit codes

LIMIT = 120  # seconds after which a process that ought to end by itself counts as hung


class Ports:
    """Ports that nobody listens on, of a block that is this process's while it lives, so that tests may run side by
    side. They lie below those that the system gives to connections."""

    FIRST, BLOCK, BLOCKS = 20000, 200, 60

    def __init__(self):
        self._claim, self._next = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), 0
        for number in range(self.BLOCKS):
            try:
                self._claim.bind(f"\0tacit tests, ports {number}")
                self._begin = self.FIRST + number * self.BLOCK
                return
            except OSError:
                pass  # another process has it
        raise AssertionError("too many tests run at a time")

    def take(self):
        for _ in range(self.BLOCK):
            port = self._begin + self._next
            self._next = (self._next + 1) % self.BLOCK
            with socket.socket() as s:
                # As the program does; it still fails where somebody listens.
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    pass
        raise AssertionError("no port is free")


PORTS = Ports()


def free_ports(count):
    """Ports that nobody listens on now; they differ, also from those that were taken shortly before."""
    return [PORTS.take() for _ in range(count)]


class Process:
    """One process of the program, or of another. Threads collect what it writes and note when it ends."""

    def __init__(self, name, arguments, folder, prepare=None, keep=(), program=TACIT):
        self.name = name
        self.command = [str(a) for a in arguments]
        self.out, self.err, self.ended_at = "", "", None
        self._changed = threading.Condition()
        self._open = {"out", "err"}
        self._child = subprocess.Popen(
            [program, *self.command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            preexec_fn=prepare,
            pass_fds=keep,
        )
        self._threads = [
            threading.Thread(target=body, args=arguments, daemon=True)
            for body, arguments in (
                (self._collect, ("out", self._child.stdout)),
                (self._collect, ("err", self._child.stderr)),
                (self._watch, ()),
            )
        ]
        for t in self._threads:
            t.start()

    def _collect(self, where, stream):
        for line in stream:
            with self._changed:
                setattr(self, where, getattr(self, where) + line)
                self._changed.notify_all()
        stream.close()
        with self._changed:
            self._open.remove(where)
            self._changed.notify_all()

    def _watch(self):
        self._child.wait()
        with self._changed:
            self.ended_at = time.monotonic()
            self._changed.notify_all()

    def wait_for(self, text, limit=LIMIT):
        """Waits until `text` stands in what the process has written to stderr."""
        with self._changed:
            self._changed.wait_for(lambda: text in self.err or "err" not in self._open, limit)
            return text in self.err

    def wait(self, limit=LIMIT):
        """The exit code; None if the process still runs at the limit."""
        deadline = time.monotonic() + limit
        for t in reversed(self._threads):
            t.join(max(0, deadline - time.monotonic()))
        return self._child.poll()

    @property
    def number(self):
        """The system's, of this process."""
        return self._child.pid

    def send(self, what):
        """Sends a signal; the moment at which it was sent."""
        now = time.monotonic()
        self._child.send_signal(what)
        return now

    def end(self):
        if self._child.poll() is None:
            self._child.kill()
        self.wait()

    def story(self):
        return (
            f"--- {self.name}: tacit {' '.join(self.command)}\n    exit code {self._child.poll()}\n"
            f"{self.err}{self.out[-2000:]}"
        )


class TacitTest(unittest.TestCase):
    """A test with a folder of its own, whose failures tell what every process said."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tacit-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.processes = []
        self.addCleanup(lambda: [p.end() for p in self.processes])

    def start(self, *arguments, name=None, prepare=None, keep=(), program=TACIT):
        name = name or " ".join(map(str, arguments[:2]))
        process = Process(name, arguments, self.folder, prepare, keep, program)
        self.processes.append(process)
        return process

    def run_tacit(self, *arguments, code=DONE, prepare=None, limit=LIMIT):
        """Runs the program to its end, which must be with `code`."""
        process = self.start(*arguments, prepare=prepare)
        self.assertEqual(process.wait(limit), code, self.stories())
        return process

    def stories(self):
        return "\n" + "\n".join(p.story() for p in self.processes)

    def assert_one_sentence(self, process, *parts):
        """The mistake is told in one line of stderr, which holds all of `parts`."""
        lines = process.err.splitlines()
        self.assertEqual(len(lines), 1, self.stories())
        self.assertTrue(lines[0].startswith("tacit: "), self.stories())
        for part in parts:
            self.assertIn(part, lines[0])

    def files(self):
        return {str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file()}

    def table(self, name):
        """The rows of a CSV file in the folder."""
        with open(self.folder / name, newline="") as file:
            return list(csv.reader(file))

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    # ---- a job with its places

    def make_keys(self, *names):
        """Makes key files beside the job; the public keys by name."""
        told = json.loads(self.run_tacit("--json", "--quiet", "keys", "new", *names).out)
        return {name: told[name]["key"] for name in names}

    def start_party(self, name, job="job.toml", *more):
        return self.start("train", job, "--party", name, *more, name=name)

    def start_owner(self, name, data, job="job.toml", *more):
        return self.start("train", job, "--owner", name, "--data", data, *more, name=name)

    def wait_all(self, processes, code=DONE, limit=LIMIT):
        for p in processes:
            self.assertEqual(p.wait(limit), code, f"{p.name} ended otherwise" + self.stories())

    def assert_others_notice(self, others, culprit, since, patience):
        """All others end with the exit code of a peer's fault within `patience` and name the culprit."""
        for p in others:
            code = p.wait(patience + LIMIT)
            self.assertEqual(code, PEER, f"{p.name} ended otherwise" + self.stories())
            last = p.err.splitlines()[-1]
            self.assertTrue(
                last.startswith("tacit: ") and culprit in last,
                f"{p.name} does not name {culprit}" + self.stories(),
            )
            taken = p.ended_at - since
            self.assertLessEqual(taken, patience + EXIT_MARGIN, f"{p.name} took too long" + self.stories())


EXIT_MARGIN = 1.0  # seconds that a process may take to end after it has noticed
SIGKILL, SIGSTOP, SIGCONT = signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT
