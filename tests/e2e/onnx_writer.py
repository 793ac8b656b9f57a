"""ONNX files for tests, written byte by byte as the format's messages say: fields are numbered as in onnx.proto."""

import struct

import numpy

FLOAT, INT64 = 1, 7


def varint(n):
    n &= (1 << 64) - 1  # two's complement
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def number(field, n):
    return varint(field << 3) + varint(n)


def message(field, body):
    body = body.encode() if isinstance(body, str) else body
    return varint(field << 3 | 2) + varint(len(body)) + body


def tensor(name, values):
    values = numpy.asarray(values)
    whole = values.dtype.kind in "iu"
    values = values.astype("<i8" if whole else "<f4")
    dims = b"".join(number(1, d) for d in values.shape)
    return dims + number(2, INT64 if whole else FLOAT) + message(8, name) + message(9, values.tobytes())


def attribute(name, value):
    head = message(1, name)
    if isinstance(value, float):
        return head + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return head + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return head + message(4, value) + number(20, 3)
    return head + b"".join(number(8, v) for v in value) + number(20, 7)


def value(name, shape, kind=FLOAT):
    dims = b"".join(message(1, message(2, d) if isinstance(d, str) else number(1, d)) for d in shape)
    return message(1, name) + message(2, message(1, number(1, kind) + message(2, dims)))


class Model:
    def __init__(self, opset=17, ir_version=8):
        self.opset, self.ir_version = opset, ir_version
        self.graph = b""
        self.nodes = 0

    def input(self, name, shape, kind=FLOAT):
        self.graph += message(11, value(name, shape, kind))
        return name

    def output(self, name, shape, kind=FLOAT):
        self.graph += message(12, value(name, shape, kind))

    def weight(self, name, values):
        self.graph += message(5, tensor(name, values))
        return name

    def node(self, op, inputs, out=None, **attributes):
        self.nodes += 1
        out = out or f"v{self.nodes}"
        body = b"".join(message(1, i) for i in inputs) + message(2, out) + message(3, f"node_{out}") + message(4, op)
        body += b"".join(message(5, attribute(k, v)) for k, v in attributes.items())
        self.graph += message(1, body)
        return out

    def bytes(self):
        graph = message(2, "test") + self.graph
        return (
            number(1, self.ir_version)
            + message(2, "a test")
            + message(7, graph)
            + message(8, message(1, "") + number(2, self.opset))
        )


def transformer(tokens, features, heads, classes, opset=17, ir_version=8, seed=1):
    """Images [N, 1, tokens, features] read as rows of numbers: places added by a public index, attention and a
    feed-forward part, both with a normalisation before and a way around, and a linear layer on the mean."""
    source = numpy.random.default_rng(seed)
    width = 2 * features
    size = width // heads

    def drawn(*shape):
        return source.normal(0, 0.6 / numpy.sqrt(shape[0]), shape)

    m = Model(opset, ir_version)
    x = m.input("image", ["N", 1, tokens, features])
    rows = m.weight("rows.shape", numpy.array([0, tokens, features]))
    split = m.weight("split.shape", numpy.array([0, tokens, heads, size]))
    joined = m.weight("joined.shape", numpy.array([0, tokens, width]))

    def linear(h, name, i, o):
        product = m.node("MatMul", [h, m.weight(name + ".weight", drawn(i, o))])
        return m.node("Add", [product, m.weight(name + ".bias", drawn(o) * 0.1)])

    def normal(h, name):
        scale, bias = m.weight(name + ".scale", numpy.ones(width)), m.weight(name + ".bias", numpy.zeros(width))
        return m.node("LayerNormalization", [h, scale, bias], epsilon=1e-3)

    def gelu(h):
        if opset >= 20:
            return m.node("Gelu", [h])
        half = m.node("Div", [h, m.weight(f"root{m.nodes}", numpy.array(2**0.5))])
        cdf = m.node("Add", [m.node("Erf", [half]), m.weight(f"one{m.nodes}", numpy.array(1.0))])
        return m.node("Mul", [m.node("Mul", [h, cdf]), m.weight(f"half{m.nodes}", numpy.array(0.5))])

    h = linear(m.node("Reshape", [x, rows]), "embed", features, width)
    table = m.weight("places.weight", drawn(tokens + 2, width))
    h = m.node("Add", [h, m.node("Gather", [table, m.weight("places", numpy.arange(tokens))])])
    n = normal(h, "norm1")

    def head(name, perm):
        return m.node("Transpose", [m.node("Reshape", [linear(n, name, width, width), split])], perm=perm)

    scores = m.node("MatMul", [head("q", [0, 2, 1, 3]), head("k", [0, 2, 3, 1])])
    scaled = m.node("Mul", [scores, m.weight("scale", numpy.array(size**-0.5))])
    mixed = m.node("MatMul", [m.node("Softmax", [scaled], axis=-1), head("v", [0, 2, 1, 3])])
    mixed = m.node("Reshape", [m.node("Transpose", [mixed], perm=[0, 2, 1, 3]), joined])
    h = m.node("Add", [h, linear(mixed, "out", width, width)])
    inner = gelu(linear(normal(h, "norm2"), "up", width, 2 * width))
    h = m.node("Add", [h, linear(inner, "down", 2 * width, width)])
    if opset >= 18:
        mean = m.node("ReduceMean", [h, m.weight("axes", numpy.array([1]))], keepdims=0)
    else:
        mean = m.node("ReduceMean", [h], axes=[1], keepdims=0)
    product = m.node("MatMul", [mean, m.weight("scores.weight", drawn(width, classes))])
    m.node("Add", [product, m.weight("scores.bias", numpy.zeros(classes))], "scores")
    m.output("scores", ["N", classes])
    return m.bytes()
