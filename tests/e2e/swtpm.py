"""A TPM 2.0 in software (Debian's swtpm) on a Unix socket, with what only a test does to it."""

import hashlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile


class SoftwareTpm:
    """Lives until the test ends."""

    def __init__(self, test):
        self.folder = tempfile.mkdtemp(prefix="tacit-tpm-")
        self.at = f"{self.folder}/tpm"
        os.mkdir(f"{self.folder}/state")
        self._child = None
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        test.addCleanup(self.stop)
        self.start()

    def start(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            # Whoever connects from now on waits for its answer.
            listening.bind(self.at)
            listening.listen()
            self._child = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}/state"]
                + ["--server", f"type=unixio,fd={listening.fileno()}"]
                + ["--flags", "not-need-init,startup-clear", "--seccomp", "action=none"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listening.fileno()],
            )

    def stop(self):
        if self._child:
            self._child.terminate()
            self._child.wait()
            self._child = None
            if os.path.exists(self.at):
                os.unlink(self.at)

    def restart(self):
        """Off and on again: registers begin anew, all else is remembered."""
        self.stop()
        self.start()

    def _connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(self.at)
        return s

    def extend(self, pcr):
        """TPM2_PCR_Extend: measures something into a register of SHA-256, as firmware does."""
        session = struct.pack(">IHBH", 0x40000009, 0, 0, 0)
        body = struct.pack(">III", 0x182, pcr, len(session)) + session
        body += struct.pack(">IH", 1, 0x000B) + hashlib.sha256(b"another firmware").digest()
        with self._connect() as s:
            s.sendall(struct.pack(">HI", 0x8002, len(body) + 6) + body)
            answer = s.recv(4096)
        assert struct.unpack(">I", answer[6:10]) == (0,), answer
