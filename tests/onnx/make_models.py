"""Writes models in the two forms in which PyTorch 2 exports them at operator set 18, with random weights that follow
from a seed, and what ONNX Runtime makes of some examples. Called by tools/run_tests.sh; the C++ tests read the files
(src/tacit/nn/graph/onnx_exported_test.cc), and the end-to-end tests call models().

script: by way of TorchScript. Shapes are computed by the model from its input's, normalisations went into the
        convolutions before them, constants are nodes, names are paths ("/layer1/layer1.0/conv1/Conv").
dynamo: by way of torch.export. Weights keep their names, normalisations are nodes, means are ReduceMean, linear layers
        on three axes transpose their weights, and the size of the batch is a scalar from Shape with bounds.

Widths are an eighth of the networks' own, and images smaller, so that tests are quick; the structure is theirs.

    python make_models.py FOLDER
"""

import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSIONS = {"script": 8, "dynamo": 10}
EXAMPLES = 3


class Graph:
    """A graph under construction; values are known by their names."""

    def __init__(self, form, seed, batch="batch"):
        self.form, self.batch = form, batch
        self.random = numpy.random.default_rng(seed)
        self.nodes, self.weights, self.names = [], [], {}

    # ---- what both forms have

    def fresh(self, base):
        n = self.names[base] = self.names.get(base, -1) + 1
        return base if n == 0 else f"{base}_{n}"

    def node(self, op, inputs, path="", base="val", **attributes):
        """`path` is the module's, for names by TorchScript; `base` is for names by torch.export."""
        if self.form == "script":
            name = self.fresh(f"{path}/{op}")
            out = f"{name}_output_0"
        else:
            out = self.fresh(base)
            name = f"node_{out}"
        self.nodes.append(helper.make_node(op, inputs, [out], name, **attributes))
        return out

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(numpy.asarray(values, dtype=numpy.float32), name))
        return name

    def constant(self, values, path="", kind=numpy.int64):
        return self.node("Constant", [], path, value=numpy_helper.from_array(numpy.array(values, dtype=kind)))

    def drawn(self, *shape, fan_in=None):
        fan_in = fan_in or int(numpy.prod(shape[1:]))
        return self.random.normal(0, numpy.sqrt(2 / fan_in), shape)

    def around(self, middle, n, reach=0.1):
        return self.random.uniform(middle - reach, middle + reach, n)

    def model(self, inputs, output, classes):
        """`inputs`: a name, a type and the extents behind the batch."""
        name, kind, extents = inputs
        graph = helper.make_graph(
            self.nodes,
            "main_graph",
            [helper.make_tensor_value_info(name, kind, [self.batch, *extents])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [self.batch, classes])],
            self.weights,
        )
        sets = [helper.make_opsetid("", OPSET)]
        if self.form == "dynamo":
            sets.append(helper.make_opsetid("pkg.onnxscript.torch_lib.common", 1))
        model = helper.make_model(graph, opset_imports=sets, ir_version=IR_VERSIONS[self.form])
        model.producer_name, model.producer_version = "pytorch", "2.6.0"
        onnx.checker.check_model(model, full_check=True)
        return model

    def call_output(self, name):
        """The last node's result is what the model gives out."""
        self.nodes[-1].output[0] = name

    # ---- layers, each as its form has them

    def conv(self, x, path, inputs, outputs, kernel, stride=1, pad=0, bias=True, norm=None, factor=1.0):
        """A convolution, and a normalisation of that name after it if there is one."""
        w = self.drawn(outputs, inputs, kernel, kernel)
        window = {"strides": [stride] * 2, "pads": [pad] * 4, "dilations": [1, 1], "group": 1}
        if self.form == "script":
            if norm:  # it went into the weights, which lost their name
                w = w * self.around(factor, outputs)[:, None, None, None]
            number = len(self.weights) + 190
            names = (f"onnx::Conv_{number}", f"onnx::Conv_{number + 1}") if norm else (f"{path}.weight", f"{path}.bias")
            operands = [x, self.weight(names[0], w), self.weight(names[1], self.around(0, outputs))]
            return self.node("Conv", operands, module(path), kernel_shape=[kernel] * 2, **window)
        operands = [x, self.weight(f"{path}.weight", w)]
        if bias and not norm:
            operands.append(self.weight(f"{path}.bias", self.around(0, outputs)))
        y = self.node("Conv", operands, base="conv2d", auto_pad="NOTSET", **window)
        if not norm:
            return y
        numbers = {"weight": factor, "bias": 0, "running_mean": 0, "running_var": 1}
        operands = [self.weight(f"{norm}.{k}", self.around(v, outputs)) for k, v in numbers.items()]
        return self.node(
            "BatchNormalization", [y, *operands], base="getitem", epsilon=1e-5, momentum=0.9, training_mode=0
        )

    def relu(self, x, path=""):
        return self.node("Relu", [x], path, "relu")

    def max_pool(self, x, kernel, stride, pad=0, path=""):
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4, "dilations": [1, 1]}
        more = {} if self.form == "script" else {"auto_pad": "NOTSET", "storage_order": 0}
        return self.node("MaxPool", [x], path, "max_pool2d", ceil_mode=0, **window, **more)

    def gemm(self, x, path, inputs, outputs):
        operands = [x, self.weight(f"{path}.weight", self.drawn(outputs, inputs)), f"{path}.bias"]
        self.weight(f"{path}.bias", self.around(0, outputs))
        return self.node("Gemm", operands, module(path), "linear", alpha=1.0, beta=1.0, transB=1)

    def linear(self, x, path, inputs, outputs, weight="weight", bias="bias"):
        """On three axes."""
        w = self.drawn(outputs, inputs) / numpy.sqrt(2)
        b = self.weight(f"{path}.{bias}", self.around(0, outputs))
        if self.form == "script":
            y = self.node("MatMul", [x, self.weight(f"onnx::MatMul_{len(self.weights) + 190}", w.T)], module(path))
            return self.node("Add", [b, y], module(path))
        turned = self.node("Transpose", [self.weight(f"{path}.{weight}", w)], perm=[1, 0])
        return self.node("Add", [self.node("MatMul", [x, turned]), b], base="linear")

    # ---- sizes, which a model computes while it runs

    def size(self, x, axis, path=""):
        """One extent, as a scalar."""
        if self.form == "script":
            operands = [self.node("Shape", [x], path), self.constant(axis, path)]
            return self.node("Gather", operands, path, axis=0)
        return self.node("Squeeze", [self.node("Shape", [x], start=axis, end=axis + 1)], base="sym_size_int")

    def examples(self, x):
        """How many there are: a number in a model that was exported for one."""
        return self.size(x, 0) if isinstance(self.batch, str) else self.batch

    def view(self, x, extents, path="", base="view"):
        """Extents are numbers, or scalars of the model."""
        keeps = {"allowzero": 0 if self.form == "script" else 1}
        if all(isinstance(e, int) for e in extents):
            return self.node("Reshape", [x, self.constant(extents, path)], path, base, **keeps)
        parts = []
        for e in extents:
            if isinstance(e, int):
                parts.append(self.constant([e], path))
            elif self.form == "script":
                parts.append(self.node("Unsqueeze", [e, self.constant([0], path)], path))
            else:
                parts.append(self.node("Reshape", [e, self.constant([-1])], allowzero=0))
        shape = self.node("Concat", parts, path, axis=0)
        return self.node("Reshape", [x, shape], path, base, **keeps)


def module(path):
    """How TorchScript names the scope of "layer1.0.conv1"."""
    out, parts = "", path.split(".")
    for i, part in enumerate(parts):
        if not part.isdigit():
            out += "/" + (part if i + 1 == len(parts) or not parts[i + 1].isdigit() else f"{part}/{part}.{parts[i + 1]}")
    return out


def lenet(form, batch="batch", seed=1):
    g = Graph(form, seed, batch)
    x = g.max_pool(g.relu(g.conv("input", "conv1", 1, 20, 5)), 2, 2)
    x = g.max_pool(g.relu(g.conv(x, "conv2", 20, 50, 5)), 2, 2)
    x = g.view(x, [g.examples(x), -1 if form == "script" else 800])
    g.gemm(g.relu(g.gemm(x, "fc1", 800, 500)), "fc2", 500, 10)
    g.call_output("scores")
    return g.model(("input", TensorProto.FLOAT, [1, 28, 28]), "scores", 10)


def resnet(form, blocks, bottleneck, batch="batch", seed=1, width=8, image=64, classes=10):
    g = Graph(form, seed, batch)
    x = g.relu(g.conv("input", "conv1", 3, width, 7, 2, 3, norm="bn1"), "/relu")
    x = g.max_pool(x, 3, 2, 1, "/maxpool")
    inputs, expansion = width, 4 if bottleneck else 1
    for stage, count in enumerate(blocks):
        inner = width << stage
        for i in range(count):
            path, stride = f"layer{stage + 1}.{i}", 2 if stage > 0 and i == 0 else 1
            scope = module(path)

            def conv(x, n, *sizes, factor=1.0, path=path):
                return g.conv(x, f"{path}.conv{n}", *sizes, norm=f"{path}.bn{n}", factor=factor)

            # A small factor at a block's end keeps sums small where nothing was trained.
            if bottleneck:
                y = g.relu(conv(x, 1, inputs, inner, 1), scope + "/relu")
                y = g.relu(conv(y, 2, inner, inner, 3, stride, 1), scope + "/relu")
                y = conv(y, 3, inner, expansion * inner, 1, factor=0.25)
            else:
                y = g.relu(conv(x, 1, inputs, inner, 3, stride, 1), scope + "/relu")
                y = conv(y, 2, inner, inner, 3, 1, 1, factor=0.25)
            if stride != 1 or inputs != expansion * inner:
                names = f"{path}.downsample.0", f"{path}.downsample.1"
                x = g.conv(x, names[0], inputs, expansion * inner, 1, stride, norm=names[1])
            inputs = expansion * inner
            x = g.relu(g.node("Add", [y, x], scope, "add"), scope + "/relu")
    if form == "script":
        x = g.node("Flatten", [g.node("GlobalAveragePool", [x], "/avgpool")], axis=1)
    else:
        mean = g.node("ReduceMean", [x, g.constant([-1, -2])], base="mean", keepdims=1, noop_with_empty_axes=0)
        x = g.view(mean, [g.examples("input"), inputs])
    g.gemm(x, "fc", inputs, classes)
    g.call_output("scores")
    return g.model(("input", TensorProto.FLOAT, [3, image, image]), "scores", classes)


def scaled(g, q, k, scope, size, extents):
    """Queries, and keys turned, both by the root of what scores are scaled with. `extents` are those of k, if it is known
    how many examples there are."""
    root = size**-0.25
    if g.form == "script":
        turned = g.node("Transpose", [k], scope, perm=[0, 1, 3, 2])
        if extents:
            roots = [g.constant([root], scope, numpy.float32)] * 2
        else:
            far = g.constant([2**63 - 1], scope)
            last = g.node("Slice", [g.node("Shape", [q], scope), g.constant([-1], scope), far], scope)
            below = g.node("Sqrt", [g.node("Cast", [last], scope, to=TensorProto.FLOAT)], scope)
            scale = g.node("Div", [g.constant([1.0], scope, numpy.float32), below], scope)
            scale = g.node("Cast", [scale], scope, to=TensorProto.FLOAT)
            roots = [g.node("Sqrt", [scale], scope) for _ in range(2)]
        return [g.node("Mul", [t, r], scope) for t, r in zip((q, turned), roots, strict=True)]
    if extents:
        shapes = [g.constant([-1, *extents[2:]]), g.constant([*extents[:2], extents[3], extents[2]])]
    else:
        shape = g.node("Shape", [k], start=0)
        last, before, first = (
            g.node("Slice", [shape, g.constant([a]), g.constant([b])]) for a, b in ((-1, 2**63 - 1), (-2, -1), (0, -2))
        )
        parts = [g.constant([-1]), before, last], [first, last, before]
        shapes = [g.node("Concat", p, axis=0) for p in parts]
    flat = g.node("Transpose", [g.node("Reshape", [k, shapes[0]], allowzero=0)], perm=[0, 2, 1])
    turned = g.node("Reshape", [flat, shapes[1]], allowzero=0)
    return [g.node("Mul", [t, g.constant([root], kind=numpy.float32)]) for t in (q, turned)]


def attention(g, x, path, tokens, width, heads):
    """nn.MultiheadAttention on the batch first: inside it comes second."""
    script, size, scope = g.form == "script", width // heads, module(path)
    fixed = not isinstance(g.batch, str)  # then every shape is written down as numbers
    computed = script and not fixed
    rows = g.node("Transpose", [x], scope, "transpose", perm=[1, 0, 2])
    if computed:
        length, batch = g.size(rows, 0, scope), g.size(rows, 1, scope)
        whole = g.size(rows, 2, scope)
        each = g.node("Div", [whole, g.constant(heads, scope)], scope)
        each = g.node("Cast", [g.node("Cast", [each], scope, to=TensorProto.INT64)], scope, to=TensorProto.INT64)
    else:
        length, batch, whole, each = tokens, g.examples("tokens"), width, size
    together = heads if fixed else g.node("Mul", [batch, g.constant(heads, scope)], scope, "mul")
    three = g.linear(rows, path, width, 3 * width, "in_proj_weight", "in_proj_bias")
    if computed:
        shape = g.node("Shape", [three], scope)
        operands = [shape, *(g.constant([v], scope) for v in (0, -1))]
        lead = g.node("Slice", operands, scope)
        target = g.node("Concat", [lead, g.constant([3, width], scope)], scope, axis=0)
        three = g.node("Reshape", [three, target], scope, allowzero=0)
    else:
        three = g.view(three, [tokens, batch, 3, width], scope)
    three = g.node("Unsqueeze", [three, g.constant([0], scope)], scope, "unsqueeze")
    three = g.node("Transpose", [three], scope, "transpose", perm=[3, 1, 2, 0, 4])
    three = g.node("Squeeze", [three, g.constant([3 if script else -2], scope)], scope, "squeeze")
    parts = []
    for i in range(3):
        part = g.node("Gather", [three, g.constant(i, scope)], scope, "select", axis=0)
        part = g.view(part, [length, together, each], scope)
        part = g.node("Transpose", [part], scope, "transpose", perm=[1, 0, 2])
        parts.append(part)
    q, k, v = (g.view(part, [batch, heads, length, each], scope) for part in parts)
    q, k = scaled(g, q, k, scope, size, [1, heads, tokens, size] if fixed else None)
    weights = g.node("Softmax", [g.node("MatMul", [q, k], scope)], scope, axis=-1)
    y = g.node("MatMul", [weights, v], scope, "scaled_dot_product_attention")
    y = g.node("Transpose", [y], scope, "permute", perm=[2, 0, 1, 3])
    both = tokens if fixed else g.node("Mul", [batch, length if script else g.constant(tokens)], scope, "mul")
    y = g.gemm(g.view(y, [both, whole], scope), f"{path}.out_proj", width, width)
    y = g.view(y, [length, batch, g.size(y, 1, scope) if computed else width], scope)
    return g.node("Transpose", [y], scope, "transpose", perm=[1, 0, 2])


def transformer(form, batch="batch", seed=1, words=12, tokens=6, width=16, heads=2, classes=4):
    """nn.TransformerEncoderLayer (normalised first, GELU) on embedded tokens with learned places."""
    g = Graph(form, seed, batch)
    table = g.weight("words.weight", g.random.normal(0, 1, (words, width)))
    places = g.weight("places.weight", g.random.normal(0, 0.5, (tokens + 2, width)))
    x = g.node("Gather", [table, "tokens"], "/words", "embedding", axis=0)
    at = g.node("Gather", [places, g.constant(numpy.arange(tokens), "/places")], "/places", "embedding", axis=0)
    x = g.node("Add", [x, at], "", "add")

    def normal(x, path):
        operands = [g.weight(f"{path}.weight", g.around(1, width)), g.weight(f"{path}.bias", g.around(0, width))]
        return g.node("LayerNormalization", [x, *operands], module(path), "layer_norm", axis=-1, epsilon=1e-5)

    x = g.node("Add", [x, attention(g, normal(x, "layer.norm1"), "layer.self_attn", tokens, width, heads)], "/layer")
    h = g.linear(normal(x, "layer.norm2"), "layer.linear1", width, 2 * width)
    bent = g.node("Erf", [g.node("Div", [h, g.constant(2**0.5, "/layer", numpy.float32)], "/layer")], "/layer")
    bent = g.node("Add", [bent, g.constant(1, "/layer", numpy.float32)], "/layer")
    h = g.node("Mul", [h, bent], "/layer")
    h = g.node("Mul", [h, g.constant(0.5, "/layer", numpy.float32)], "/layer", "gelu")
    x = g.node("Add", [x, g.linear(h, "layer.linear2", 2 * width, width)], "/layer", "add")
    x = g.node("ReduceMean", [x, g.constant([1])], "", "mean", keepdims=0, noop_with_empty_axes=0)
    g.gemm(x, "fc", width, classes)
    g.call_output("scores")
    return g.model(("tokens", TensorProto.INT64, [tokens]), "scores", classes)


def states(g, batch, count, size, scope):
    """Zeros that a recurrent layer starts from, made when the model runs."""
    if not isinstance(g.batch, str):
        return g.constant(numpy.zeros([count, g.batch, size]), scope, numpy.float32)
    parts = [g.constant([count], scope), None, g.constant([size], scope)]
    if g.form == "script":
        parts[1] = g.node("Unsqueeze", [batch, g.constant([0], scope)], scope)
        return g.node("ConstantOfShape", [g.node("Concat", parts, scope, axis=0)], scope)
    parts[1] = g.node("Reshape", [batch, g.constant([-1])], allowzero=0)
    shape = g.node("Concat", parts, axis=0)
    return g.node("Expand", [g.constant(0, kind=numpy.float32), shape], base="zeros")


def recurrent_layer(g, x, kind, layer, inputs, hidden, first):
    """One bidirectional layer of nn.LSTM or nn.GRU: steps, examples and features in and out. PyTorch's gates are i, f,
    g, o and r, z, n; those of ONNX i, o, f, g and z, r, n."""
    gates, order = (4, [0, 3, 1, 2]) if kind == "LSTM" else (3, [1, 0, 2])
    path, scope, reach = kind.lower(), f"/{kind.lower()}", hidden**-0.5
    sides = []
    for side in ("", "_reverse"):
        shapes = {"weight_ih": (inputs,), "weight_hh": (hidden,), "bias_ih": (), "bias_hh": ()}
        sides.append(
            {f"{k}_l{layer}{side}": g.random.uniform(-reach, reach, [gates * hidden, *v]) for k, v in shapes.items()}
        )
    if g.form == "script":  # they were put together when the model was exported, and lost their names

        def ordered(v):
            return numpy.concatenate([v[i * hidden : (i + 1) * hidden] for i in order])

        parts = [[ordered(v) for v in side.values()] for side in sides]
        numbers = [numpy.stack([p[i] for p in parts]) for i in range(2)]
        numbers.append(numpy.stack([numpy.concatenate(p[2:]) for p in parts]))
        operands = [g.weight(f"onnx::{kind}_{len(g.weights) + 190}", v) for v in numbers]
    else:

        def ordered(name, values):
            w = g.weight(f"{path}.{name}", values)
            starts = [(g.constant([i * hidden]), g.constant([(i + 1) * hidden])) for i in order]
            cut = [g.node("Slice", [w, a, b, g.constant([0])], base="gate") for a, b in starts]
            return g.node("Concat", cut, base="gates", axis=0)

        parts = [[ordered(k, v) for k, v in side.items()] for side in sides]
        three = [[p[0], p[1], g.node("Concat", p[2:], base="biases", axis=0)] for p in parts]
        lead = [[g.node("Unsqueeze", [v, g.constant([0])], base="side") for v in t] for t in three]
        operands = [g.node("Concat", list(pair), base="sides", axis=0) for pair in zip(*lead, strict=True)]
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    y = g.node(
        kind, [x, *operands, "", *first], scope, path, direction="bidirectional", hidden_size=hidden, **more
    )
    y = g.node("Transpose", [y], scope, perm=[0, 2, 1, 3])
    return g.node("Reshape", [y, g.constant([0, 0, -1], scope)], scope, allowzero=0)


def recurrent(form, kind, batch="batch", seed=1, steps=5, features=6, hidden=4, classes=3):
    """Two bidirectional layers, batch first, and a linear layer on the last step."""
    g = Graph(form, seed, batch)
    scope = f"/{kind.lower()}"
    x = g.node("Transpose", ["input"], scope, "transpose", perm=[1, 0, 2])
    zeros = [states(g, g.examples("input"), 4, hidden, scope) for _ in range(2 if kind == "LSTM" else 1)]
    for layer, inputs in enumerate((features, 2 * hidden)):
        ends = [g.constant([v], scope) for v in (2 * layer, 2 * layer + 2)]
        first = [g.node("Slice", [z, *ends, g.constant([0], scope)], scope) for z in zeros]
        x = recurrent_layer(g, x, kind, layer, inputs, hidden, first)
    x = g.node("Transpose", [x], scope, "transpose", perm=[1, 0, 2])
    x = g.node("Gather", [x, g.constant(-1)], "", "select", axis=1)
    g.gemm(x, "fc", 2 * hidden, classes)
    g.call_output("scores")
    return g.model(("input", TensorProto.FLOAT, [steps, features]), "scores", classes)


def interpolate(g, x, path, channels, size, mode):
    """F.interpolate to twice the size: by scales (TorchScript), or to sizes."""
    how = {"mode": mode, "nearest_mode": "floor", "cubic_coeff_a": -0.75}
    how["coordinate_transformation_mode"] = "asymmetric" if mode == "nearest" else "pytorch_half_pixel"
    if g.form == "script" and mode == "nearest":
        return g.node("Resize", [x, "", g.constant([1, 1, 2, 2], path, numpy.float32)], path, **how)
    if isinstance(g.batch, str):
        ends = [g.constant([v], path) for v in (0, 2)]
        lead = g.node("Slice", [g.node("Shape", [x], path), *ends], path)
        sizes = g.node("Concat", [lead, g.constant([size, size], path)], path, axis=0)
    else:
        sizes = g.constant([g.batch, channels, size, size], path)
    return g.node("Resize", [x, "", "", sizes], path, "upsample", **how)


def unet(form, batch="batch", seed=1, width=4, image=8):
    """Down twice and up twice, with the way down beside the way up: a number for each place."""
    g = Graph(form, seed, batch)

    def block(x, path, inputs, outputs):
        return g.relu(g.conv(x, f"{path}.conv", inputs, outputs, 3, 1, 1), f"/{path}/relu")

    whole = block("input", "down1", 1, width)
    half = block(g.max_pool(whole, 2, 2, path="/pool"), "down2", width, 2 * width)
    x = block(g.max_pool(half, 2, 2, path="/pool"), "bottom", 2 * width, 2 * width)
    x = interpolate(g, x, "/up2", 2 * width, image // 2, "linear")
    x = block(g.node("Concat", [x, half], "", "cat", axis=1), "up2", 4 * width, width)
    x = interpolate(g, x, "/up1", width, image, "nearest")
    x = block(g.node("Concat", [x, whole], "", "cat", axis=1), "up1", 2 * width, width)
    x = g.conv(x, "head", width, 1, 1)
    g.view(x, [g.examples("input"), image * image])
    g.call_output("scores")
    return g.model(("input", TensorProto.FLOAT, [1, image, image]), "scores", image * image)


def models():
    """The models by name. Those ending in "_one" were exported for a batch of one."""
    out = {}
    for form in ("script", "dynamo"):
        for suffix, batch in (("", "batch"), ("_one", 1)):
            out[f"lenet_{form}{suffix}"] = lenet(form, batch)
            out[f"resnet18_{form}{suffix}"] = resnet(form, [2, 2, 2, 2], False, batch)
            out[f"resnet50_{form}{suffix}"] = resnet(form, [3, 4, 6, 3], True, batch)
            out[f"transformer_{form}{suffix}"] = transformer(form, batch)
            out[f"lstm_{form}{suffix}"] = recurrent(form, "LSTM", batch)
            out[f"gru_{form}{suffix}"] = recurrent(form, "GRU", batch)
            out[f"unet_{form}{suffix}"] = unet(form, batch)
    return out


def examples(model, seed=5):
    """Examples for a model, and their scores by ONNX Runtime."""
    given = model.graph.input[0]
    extents = [d.dim_value for d in given.type.tensor_type.shape.dim][1:]
    random = numpy.random.default_rng(seed)
    if given.type.tensor_type.elem_type == TensorProto.INT64:
        x = random.integers(0, 12, [EXAMPLES, *extents])
    else:
        x = random.uniform(0, 1, [EXAMPLES, *extents]).astype(numpy.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    one = given.type.tensor_type.shape.dim[0].dim_value == 1
    runs = [x[i : i + 1] for i in range(EXAMPLES)] if one else [x]
    return x, numpy.concatenate([session.run(None, {given.name: r})[0] for r in runs])


def main(folder):
    for name, model in models().items():
        data = folder / name / "test_data_set_0"
        data.mkdir(parents=True, exist_ok=True)
        (folder / name / "model.onnx").write_bytes(model.SerializeToString())
        for kind, value in zip(("input", "output"), examples(model), strict=True):
            (data / f"{kind}_0.pb").write_bytes(numpy_helper.from_array(value).SerializeToString())
    print(f"{len(models())} models as PyTorch exports them")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
