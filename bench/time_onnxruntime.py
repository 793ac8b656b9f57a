"""What ONNX Runtime takes for the networks of 'tacit bench runtime', one example and one thread, to be set beside its
figures. Weights are random numbers: what is multiplied changes no time.

    python bench/time_onnxruntime.py [FIGURES.json]      # prints milliseconds, or writes them
"""

import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))

import numpy
import onnxruntime
from onnx_writer import Model


class Network:
    """A network under construction; `x` is the name of the last result, and `shape` its shape without the examples."""

    def __init__(self, shape):
        self.model, self.random = Model(), numpy.random.default_rng(1)
        self.shape, self.count = tuple(shape), 0
        self.x = self.model.input("x", ["N", *shape])

    def weights(self, *shape):
        fan_in = int(numpy.prod(shape[1:])) or 1
        self.count += 1
        return self.model.weight(f"w{self.count}", self.random.normal(0, (2 / fan_in) ** 0.5, shape))

    def node(self, op, inputs, shape, **attributes):
        self.count += 1
        self.x = self.model.node(op, inputs, f"y{self.count}", **attributes)
        self.shape = tuple(shape)
        return self

    def conv(self, channels, kernel, stride=1, pad=0):
        inputs = [self.x, self.weights(channels, self.shape[0], kernel, kernel), self.weights(channels)]
        side = (self.shape[1] + 2 * pad - kernel) // stride + 1
        return self.node("Conv", inputs, (channels, side, side), strides=[stride] * 2, pads=[pad] * 4)

    def pool(self, kernel, stride, pad=0):
        side = (self.shape[1] + 2 * pad - kernel) // stride + 1
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
        return self.node("MaxPool", [self.x], (self.shape[0], side, side), **window)

    def relu(self):
        return self.node("Relu", [self.x], self.shape)

    def dense(self, units):
        if len(self.shape) > 1:
            self.node("Flatten", [self.x], [int(numpy.prod(self.shape))])
        inputs = [self.x, self.weights(units, self.shape[0]), self.weights(units)]
        return self.node("Gemm", inputs, [units], transB=1)

    def basic(self, channels, stride):
        x, shape = self.x, self.shape
        self.conv(channels, 3, stride, 1).relu().conv(channels, 3, 1, 1)
        y, after = self.x, self.shape
        if stride != 1:
            self.x, self.shape = x, shape
            x = self.conv(channels, 1, stride).x
        return self.node("Add", [y, x], after).relu()

    def bytes(self):
        self.model.output(self.x, ["N", *self.shape])
        return self.model.bytes()


def lenet():
    n = Network((1, 28, 28)).conv(20, 5).pool(2, 2).relu().conv(50, 5).pool(2, 2).relu()
    return n.dense(500).relu().dense(10), 51


def mlp():
    return Network((784,)).dense(128).relu().dense(128).relu().dense(10), 201


def resnet18():
    n = Network((3, 224, 224)).conv(64, 7, 2, 3).relu().pool(3, 2, 1)
    for channels in (64, 128, 256, 512):
        n.basic(channels, 1 if channels == 64 else 2).basic(channels, 1)
    n.node("GlobalAveragePool", [n.x], (512, 1, 1))
    return n.dense(1000), 7


def milliseconds(network, times):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(network.bytes(), options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    x = numpy.random.default_rng(2).uniform(-1, 1, (1, *given.shape[1:])).astype(numpy.float32)
    seconds = []
    for _ in range(times + 1):
        begin = time.perf_counter()
        session.run(None, {given.name: x})
        seconds.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(seconds[1:])


def main(out=None):
    results = [
        {
            "name": f"runtime.{make.__name__}.onnxruntime.milliseconds",
            "value": milliseconds(*make()),
            "unit": "ms, one example, one thread",
        }
        for make in (lenet, mlp, resnet18)
    ]
    if out is None:
        for r in results:
            print(f"{r['name']:45} {r['value']:.4g} {r['unit']}")
    else:
        pathlib.Path(out).write_text(json.dumps({"results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
