"""An owner that does as it likes: it has the key of an owner of the job, and speaks frames over TLS by hand."""

import json
import re
import secrets
import socket
import ssl
import struct
import subprocess
import threading

DATA, BEAT, HELLO = 1, 2, 3  # kinds of records
ASK = 4  # an owner's errand


def frame(tag, body=b""):
    head = struct.pack("<QIBxxx", len(body), 0, len(tag)) + tag.encode().ljust(32, b"\0")
    return head + body


def record(kind, body):
    return struct.pack("<I", kind << 24 | len(body)) + body


class Liar:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.certificate = folder / f"{name}.crt"
        words = f"openssl req -x509 -key {name}.key -out {self.certificate.name} -subj /CN={name} -days 1"
        subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)
        self.ports = [int(p) for p in re.findall(r'127\.0\.0\.1:(\d+)', (folder / "job.toml").read_text())]
        self.lines, self.writing, self.closed = [], threading.Lock(), threading.Event()
        # It is alive, so that silence is none of its faults.
        self.heart = threading.Thread(target=self.beat, daemon=True)
        self.heart.start()

    def beat(self):
        while not self.closed.wait(0.3):
            self.send(bytes(8), kind=BEAT)

    def connect(self, parties=3):
        """Connects to the first parties of the job."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self.certificate, self.folder / f"{self.name}.key")
        for port in self.ports[:parties]:
            line = socket.create_connection(("127.0.0.1", port), 10)
            line = context.wrap_socket(line, server_hostname=self.name)
            # The first of its connections, which will not be mended.
            line.sendall(record(HELLO, b"lnk1" + bytes(20) + secrets.token_bytes(16)))
            self.lines.append(line)

    def greet(self, report, errand=ASK):
        """Says hello to all as the program would, and is welcomed; `report` has the job's hash."""
        told = json.loads((self.folder / report).read_text())
        hello = struct.pack("<IBxxx", 5, errand) + bytes.fromhex(told["job"]["hash"]) + bytes(32)
        self.send(frame("owner.hello", hello))
        for line in self.lines:
            # Heartbeats may come before.
            while b"owner.welcome" not in line.recv(48):
                pass

    def send(self, what, parties=(0, 1, 2), kind=DATA):
        with self.writing:
            for i in parties:
                try:
                    if i < len(self.lines):
                        self.lines[i].sendall(record(kind, what))
                except OSError:
                    pass  # that party has had enough

    def close(self):
        self.closed.set()
        self.heart.join()
        for line in self.lines:
            line.close()
