"""Sealed models from Python: a program asks a broker (docs/broker.md), which opens models of level 2 in a process of
its own. No key and no weight is ever in the process that imports this. Needs libtacit_model.so and nothing else; with
NumPy, arrays go in and come out.

    with tacit_model.Broker("/run/tacit/broker", "libtacit_model.so.1") as broker:
        with broker.open("model.tacit") as model:
            print(model.name, model.example, model.run(examples))
"""

import ctypes
import math
import threading

__all__ = ["Broker", "Model", "TacitError", "UsageError", "IoError", "PeerError", "CheatDetected"]


class TacitError(Exception):
    """One sentence; `status` is the exit code that the command line would have."""

    status = 1


class UsageError(TacitError):
    """A wrong argument, file or model; also one that expired, or is not for this device."""

    status = 2


class IoError(TacitError):
    """This machine failed: no broker there, a file that cannot be read, no memory."""

    status = 3


class PeerError(TacitError):
    """The broker left, or spoke out of turn."""

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
    try:
        library = ctypes.CDLL(str(name))
    except OSError as e:
        raise IoError(f"the library '{name}' cannot be loaded: {e}") from None
    message = [ctypes.c_char_p, ctypes.c_size_t]
    pointer = ctypes.c_void_p
    for function, result, arguments in (
        ("tacit_broker_connect", ctypes.c_int, [ctypes.c_char_p, ctypes.POINTER(pointer), *message]),
        ("tacit_broker_leave", None, [pointer]),
        ("tacit_model_open", ctypes.c_int, [pointer, ctypes.c_char_p, ctypes.POINTER(pointer), *message]),
        ("tacit_model_about", _Info, [pointer]),
        (
            "tacit_model_run",
            ctypes.c_int,
            [pointer, ctypes.POINTER(ctypes.c_double), ctypes.c_size_t]
            + [ctypes.POINTER(ctypes.POINTER(_Answer)), *message],
        ),
        ("tacit_answer_free", None, [ctypes.POINTER(_Answer)]),
        ("tacit_model_close", None, [pointer]),
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


class Broker:
    """A connection to the broker at `socket`. `library`: libtacit_model.so, where it lies."""

    def __init__(self, socket, library="libtacit_model.so.1"):
        self._handle = None
        self._library = _library(library)
        self._models = []
        handle = ctypes.c_void_p()
        _call(self._library.tacit_broker_connect, _path(socket), ctypes.byref(handle))
        self._handle = handle

    def open(self, file):
        """The model of a sealed file that this process can read."""
        model = Model(self, file)
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

    def __init__(self, broker, file):
        self._handle, self._lock = None, threading.Lock()
        self._library = broker._library
        handle = ctypes.c_void_p()
        _call(self._library.tacit_model_open, broker._open_handle(), _path(file), ctypes.byref(handle))
        self._handle = handle
        info = self._library.tacit_model_about(handle)
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
        with self._lock:  # not closed meanwhile
            if self._handle is None:
                raise UsageError("this model was closed already: open it again")
            _call(self._library.tacit_model_run, self._handle, numbers, shape[0], ctypes.byref(answer))
        try:
            a = answer.contents
            extents, values = tuple(a.extents[: a.axes]), a.values[: a.size]
        finally:
            self._library.tacit_answer_free(answer)
        if hasattr(examples, "__array_interface__"):
            import numpy

            return numpy.array(values).reshape(extents)
        return _nested(extents, values)

    def close(self):
        with self._lock:
            if self._handle is not None:
                self._library.tacit_model_close(self._handle)
                self._handle = None

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
