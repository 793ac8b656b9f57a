"""Sealed models from Python: opened within this process (levels 1 and 4; level 3, docs/segments.md, but for a segment
that stays at its vendor's server), or through a broker (level 2, docs/broker.md), which opens them in a process of its
own, so that no key and no weight is ever in this one. Needs libtacit_runtime.so and nothing else; with NumPy, arrays go
in and come out.

    with tacit_runtime.open("keys", "model.tacit") as model:
        print(model.name, model.level, model.example, model.run(examples))
    with tacit_runtime.open_split("keys", "model.tacit", "vendor.example:7300") as model:
        print(model.run(examples))
    with tacit_runtime.Broker("/run/tacit/broker") as broker, broker.open("model.tacit") as model:
        print(model.run(examples))
"""

import contextlib
import ctypes
import math
import threading

__all__ = ["open", "open_split", "Broker", "Model", "TacitError", "UsageError", "IoError", "PeerError", "CheatDetected"]


LIBRARY = "libtacit_runtime.so.1"


class TacitError(Exception):
    """One sentence; `status` is the exit code that the command line would have."""

    status = 1


class UsageError(TacitError):
    """A wrong argument, file or model; also one that expired, is not for this device, or whose vendor allows no more
    questions now."""

    status = 2


class IoError(TacitError):
    """This machine failed: no broker there, a file that cannot be read, no memory."""

    status = 3


class PeerError(TacitError):
    """The broker, or the vendor's server, left, does not answer, or spoke out of turn."""

    status = 4


class CheatDetected(TacitError):
    """The model is not what its vendor made."""

    status = 5


_ERRORS = {e.status: e for e in (TacitError, UsageError, IoError, PeerError, CheatDetected)}


class _Info(ctypes.Structure):
    _fields_ = [
        ("level", ctypes.c_uint),
        ("name", ctypes.c_char_p),
        ("vendor", ctypes.c_char_p),
        ("expires", ctypes.c_int64),
        ("axes", ctypes.c_size_t),
        ("extents", ctypes.POINTER(ctypes.c_size_t)),
        ("example_size", ctypes.c_size_t),
    ]


class _Answer(ctypes.Structure):
    _fields_ = [
        ("axes", ctypes.c_size_t),
        ("extents", ctypes.POINTER(ctypes.c_size_t)),
        ("size", ctypes.c_size_t),
        ("values", ctypes.POINTER(ctypes.c_double)),
    ]


def _library(name):
    pointer = ctypes.c_void_p
    message = [ctypes.c_char_p, ctypes.c_size_t]
    model = [ctypes.POINTER(pointer), *message]
    try:
        library = ctypes.CDLL(str(name))
    except OSError as e:
        raise IoError(f"the library '{name}' cannot be loaded: {e}") from None
    for function, result, arguments in (
        ("tacit_open", ctypes.c_int, [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint, *model]),
        (
            "tacit_open_split",
            ctypes.c_int,
            [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint, *model],
        ),
        ("tacit_broker_connect", ctypes.c_int, [ctypes.c_char_p, *model]),
        ("tacit_broker_leave", None, [pointer]),
        ("tacit_broker_open", ctypes.c_int, [pointer, ctypes.c_char_p, *model]),
        ("tacit_info", _Info, [pointer]),
        (
            "tacit_run",
            ctypes.c_int,
            [pointer, ctypes.POINTER(ctypes.c_double), ctypes.c_size_t]
            + [ctypes.POINTER(ctypes.POINTER(_Answer)), *message],
        ),
        ("tacit_answer_free", None, [ctypes.POINTER(_Answer)]),
        ("tacit_close", None, [pointer]),
    ):
        f = getattr(library, function)
        f.restype, f.argtypes = result, arguments
    return library


def _call(function, *arguments):
    words = ctypes.create_string_buffer(1024)
    status = function(*arguments, words, len(words))
    if status != 0:
        raise _ERRORS.get(status, TacitError)(words.value.decode(errors="replace"))


def _path(path):
    return str(path).encode()


def open(keys, file, threads=0, library=LIBRARY):
    """The model of a sealed file of level 1 or 4, opened within this process as the device of a key folder. `threads`:
    that a run may use; 0 for all processors. `library`: libtacit_runtime.so, where it lies."""
    loaded = _library(library)
    return Model(loaded, loaded.tacit_open, _path(keys), _path(file), threads)


def open_split(keys, file, server=None, threads=0, library=LIBRARY):
    """The same of a file of level 3: each run asks the vendor's server, which never sees the data. `server`: where, as
    "host:port"; None for where the file says."""
    loaded = _library(library)
    at = None if server is None else server.encode()
    return Model(loaded, loaded.tacit_open_split, _path(keys), _path(file), at, threads)


class Broker:
    """A connection to the broker at `socket`. `library`: libtacit_runtime.so, where it lies."""

    def __init__(self, socket, library=LIBRARY):
        self._handle = None
        self._library = _library(library)
        self._models = []
        handle = ctypes.c_void_p()
        _call(self._library.tacit_broker_connect, _path(socket), ctypes.byref(handle))
        self._handle = handle

    def open(self, file):
        """The model of a sealed file of level 2 that this process can read."""
        model = Model(self._library, self._library.tacit_broker_open, self._open_handle(), _path(file))
        self._models.append(model)
        return model

    def close(self):
        """Closes all models and leaves. What was closed before stays closed."""
        for model in self._models:
            model.close()
        self._models = []
        if self._handle is not None:
            self._library.tacit_broker_leave(self._handle)
            self._handle = None

    def _open_handle(self):
        if self._handle is None:
            raise UsageError("this broker was left already: connect again")
        return self._handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Model:
    """An open model: `name`, `vendor`, `level`, `expires` (seconds since 1970, or None) and `example`, the shape of one
    example without the axis that counts them."""

    def __init__(self, library, open_by, *arguments):
        self._handle, self._library = None, library
        self._running, self._changed = 0, threading.Condition()
        handle = ctypes.c_void_p()
        _call(open_by, *arguments, ctypes.byref(handle))
        self._handle = handle
        info = self._library.tacit_info(handle)
        self.level = info.level
        self.name, self.vendor = info.name.decode(), info.vendor.decode()
        self.expires = None if info.expires == 2**63 - 1 else info.expires
        self.example = tuple(info.extents[i] for i in range(info.axes))
        self._size = info.example_size

    def run(self, examples):
        """The model's output for examples of shape (rows, *example): an array for an array, else nested lists."""
        shape, numbers = _flat(examples)
        if shape[1:] != self.example or not shape:
            raise UsageError(f"the examples have shape {shape}, and the model takes rows of {self.example}")
        answer = ctypes.POINTER(_Answer)()
        with self._kept_open() as handle:
            _call(self._library.tacit_run, handle, numbers, shape[0], ctypes.byref(answer))
        try:
            a = answer.contents
            extents, values = tuple(a.extents[: a.axes]), a.values[: a.size]
        finally:
            self._library.tacit_answer_free(answer)
        if hasattr(examples, "__array_interface__"):
            import numpy

            return numpy.array(values).reshape(extents)
        return _nested(extents, values)

    @contextlib.contextmanager
    def _kept_open(self):
        """Several threads may run it at a time; closing it waits for them."""
        with self._changed:
            if self._handle is None:
                raise UsageError("this model was closed already: open it again")
            self._running += 1
        try:
            yield self._handle
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def close(self):
        with self._changed:
            handle, self._handle = self._handle, None
            self._changed.wait_for(lambda: self._running == 0)
        if handle is not None:
            self._library.tacit_close(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _flat(examples):
    """Shape, and the numbers one after the other as C doubles."""
    if hasattr(examples, "__array_interface__"):
        shape = tuple(examples.shape)
        values = examples.ravel().tolist()
    else:
        shape, at = [], examples
        while isinstance(at, (list, tuple)):
            shape.append(len(at))
            at = at[0] if at else None
        values = []
        _append(values, examples, shape)
        shape = tuple(shape)
    if len(values) != math.prod(shape):
        raise UsageError(f"the examples have {len(values)} numbers, which is not their shape {shape}")
    return shape, (ctypes.c_double * max(1, len(values)))(*values)


def _append(values, part, shape):
    if not shape:
        if isinstance(part, (list, tuple)):
            raise UsageError("the examples are lists of unequal depth")
        values.append(float(part))
        return
    if not isinstance(part, (list, tuple)) or len(part) != shape[0]:
        raise UsageError("the examples are lists of unequal length")
    for inner in part:
        _append(values, inner, shape[1:])


def _nested(extents, values):
    for extent in reversed(extents[1:]):
        values = [values[i : i + extent] for i in range(0, len(values), extent)]
    return values
