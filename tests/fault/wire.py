"""A wire between two endpoints, below their TLS: bytes pass through here, and suffer what wires suffer."""

import socket
import struct
import threading
import time

BLOCK = 65536
FAULTS = ("cut", "cut once", "delay", "duplicate", "corrupt", "truncate")


class Wire:
    """Passes connections to `port` on to `target`. The faults are of what the culprit says, which dials or is
    dialled; a cut and a delay are of both directions."""

    def __init__(self, port, target, culprit_dials, delay):
        self.port, self.target, self.culprit_dials, self.delay = port, target, culprit_dials, delay
        self._lock = threading.Lock()
        self._fault, self._since = None, 0.0
        self._sockets, self._listener = set(), None

    def listen(self):
        """Until then nobody answers at the port, as if the target were not started."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._start(self._accept)

    def harm(self, how):
        """From now on, or what comes next, suffers."""
        assert how in FAULTS
        with self._lock:
            self._fault, self._since = how, time.monotonic()
            open_now = list(self._sockets)
        if how == "cut once":  # both ends are told, and may connect anew
            with self._lock:
                self._fault = None
            for s in open_now:
                self._reset(s)

    def close(self):
        with self._lock:
            sockets = [*self._sockets, *([self._listener] if self._listener else [])]
        for s in sockets:
            self._reset(s)

    @staticmethod
    def _start(body, *arguments):
        threading.Thread(target=body, args=arguments, daemon=True).start()

    @staticmethod
    def _reset(s):
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.shutdown(socket.SHUT_RD)  # wakes who waits here, and tells the other end nothing yet
        except OSError:
            pass  # it has ended by itself
        s.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                cut = self._fault == "cut"
                self._sockets.add(near)
            if cut:
                continue  # nobody hears what is said here
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                self._reset(near)
                continue
            with self._lock:
                self._sockets.add(far)
            for s in (near, far):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._pass_on, near, far, self.culprit_dials)
            self._start(self._pass_on, far, near, not self.culprit_dials)

    def _pass_on(self, source, sink, by_culprit):
        try:
            while data := source.recv(BLOCK):
                with self._lock:
                    fault, since = self._fault, self._since
                    if by_culprit and fault in ("duplicate", "corrupt", "truncate"):
                        self._fault = None  # once
                if fault == "cut":
                    continue
                if fault == "delay":  # the delay itself: all that comes in its time, in its order
                    time.sleep(max(0.0, since + self.delay - time.monotonic()))
                if by_culprit and fault == "corrupt":
                    middle = len(data) // 2
                    data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
                if by_culprit and fault == "duplicate":
                    data += data
                if by_culprit and fault == "truncate":
                    sink.sendall(data[: len(data) // 2])
                    break
                sink.sendall(data)
            else:
                if self._is("cut"):
                    return  # that one end has closed does not come through either
                sink.shutdown(socket.SHUT_WR)
                return
            source.shutdown(socket.SHUT_RDWR)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            if self._is("cut"):
                return
            for s in (source, sink):  # reset at one end: reset at the other
                self._reset(s)

    def _is(self, fault):
        with self._lock:
            return self._fault == fault
