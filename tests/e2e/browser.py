"""Chromium without a window, steered over its own pipe: pages are opened at a width and in a colour scheme, asked
what stands where, and photographed. Nothing but the file is fetched."""

import base64
import fcntl
import json
import os
import pathlib
import queue
import shutil
import struct
import subprocess
import tempfile
import threading
import zlib

LIMIT = 60  # seconds for one answer

PROGRAM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)


class Browser:
    def __init__(self):
        assert PROGRAM, "there is no chromium: apt-get install chromium"
        self.folder = tempfile.mkdtemp(prefix="tacit-browser-")
        # Beyond the numbers that the browser wants its ends to have.
        ends = []
        for end in (*os.pipe(), *os.pipe()):
            ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20))
            os.close(end)
        self._from_us, self._to_browser, self._from_browser, self._to_us = ends
        options = [
            "--headless=new",
            "--no-sandbox",  # it is shown our own files, also by root
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--force-color-profile=srgb",
            "--font-render-hinting=none",
            "--remote-debugging-pipe",
            f"--user-data-dir={self.folder}",
        ]
        self._child = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{self._from_us} 4>&{self._to_us}', "bash", PROGRAM, *options],
            pass_fds=(self._from_us, self._to_us),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(self._from_us)
        os.close(self._to_us)
        self._answers, self.events, self._number = queue.Queue(), [], 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self):
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(10)
        os.close(self._to_browser)
        os.close(self._from_browser)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self):
        rest = b""
        while True:
            try:
                more = os.read(self._from_browser, 1 << 16)
            except OSError:
                more = b""
            if not more:
                return self._answers.put(None)
            *messages, rest = (rest + more).split(b"\0")
            for message in messages:
                self._answers.put(json.loads(message))

    def _next(self):
        message = self._answers.get(timeout=LIMIT)
        assert message is not None, "the browser has ended"
        return message

    def call(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event, session):
        while True:
            for i, told in enumerate(self.events):
                if told.get("method") == event and told.get("sessionId") == session:
                    return self.events.pop(i)
            self.events.append(self._next())

    def open(self, file, width, scheme):
        return Page(self, pathlib.Path(file).resolve(), width, scheme)


class Page:
    def __init__(self, browser, file, width, scheme):
        self.browser, self.width, self.scheme = browser, width, scheme
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        phone = width < 700
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=file.as_uri())
        browser.wait_for("Page.loadEventFired", self._session)

    def call(self, method, **parameters):
        return self.browser.call(method, self._session, **parameters)

    def ask(self, expression):
        """The value of an expression of JavaScript; the page itself may run none."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def requested(self):
        """The addresses of all that the page fetched, itself among them."""
        return [
            e["params"]["request"]["url"]
            for e in self.browser.events
            if e.get("method") == "Network.requestWillBeSent" and e.get("sessionId") == self._session
        ]

    def complaints(self):
        return [
            e["params"]["entry"]["text"]
            for e in self.browser.events
            if e.get("method") == "Log.entryAdded" and e.get("sessionId") == self._session
        ]

    def roles(self):
        """How often each role stands in what a screen reader is told."""
        counts = {}
        for node in self.call("Accessibility.getFullAXTree")["nodes"]:
            if not node.get("ignored"):
                role = node["role"]["value"]
                counts[role] = counts.get(role, 0) + 1
        return counts

    def pixels(self, x, y, width, height):
        """Rows of (red, green, blue) of a part of the page."""
        told = self.call(
            "Page.captureScreenshot",
            format="png",
            captureBeyondViewport=True,
            clip={"x": x, "y": y, "width": width, "height": height, "scale": 1},
        )
        return decoded(base64.b64decode(told["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self._target)


def decoded(png):
    """A small picture of 8 bits a channel, RGB or RGBA."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, head = 8, b"", None
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        if kind == b"IDAT":
            data += body
        at += size + 12
    width, height, depth, colour, _, _, interlaced = head
    assert depth == 8 and colour in (2, 6) and not interlaced, head
    channels = 3 if colour == 2 else 4
    raw, step = zlib.decompress(data), width * channels
    above, rows = bytearray(step), []
    for y in range(height):
        start = y * (step + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + step])
        for i in range(step):
            left = line[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            up = above[i]
            if kind == 1:
                line[i] = (line[i] + left) & 255
            elif kind == 2:
                line[i] = (line[i] + up) & 255
            elif kind == 3:
                line[i] = (line[i] + (left + up) // 2) & 255
            elif kind == 4:
                near = min(
                    (abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner)
                )
                line[i] = (line[i] + near[2]) & 255
        rows.append([tuple(line[i : i + 3]) for i in range(0, step, channels)])
        above = line
    return rows
