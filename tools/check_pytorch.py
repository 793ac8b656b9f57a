#!/usr/bin/env python3
"""Holds tacit against PyTorch itself, where that is installed: check_pytorch.py --tacit ./tacit

Networks with random weights are exported by both of PyTorch's exporters, at operator sets 9 to 21. tacit lists each
(tacit check), answers 200 examples as PyTorch does (sealed, opened and run), and trains three of them by three parties
as threads; the trained weights go back into the PyTorch modules, whose scores on 1,000 inputs must be those of ONNX
Runtime on the trained file.

Not among the tests, since PyTorch is larger than all else that they need. Packages: torch, torchvision, onnx,
onnxscript, onnxruntime, numpy."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy
import onnx
import onnxruntime
import torch
import torchvision
from onnx import numpy_helper

EXPORTS = {"script": (9, 11, 13, 16, 17), "dynamo": (18, 19, 20, 21)}
JOB = """[job]
name = "pytorch"

{parties}[[owner]]
name = "north"
key = ""

[data]
test_fraction = 0.2
shape = {shape}
array = {{ range = [0, 16] }}
label = {{ name = "class", type = "category", values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }}

[model]
file = "{model}"

[training]
epochs = 1
batch = 16
[training.optimiser]
rate = 0.05

[[release]]
what = "model"
to = ["north"]
purpose = "PyTorch loads it"
"""


class LeNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2 = torch.nn.Linear(400, 120), torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, 10)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc2(torch.relu(self.fc1(torch.flatten(x, 1)))))
        return self.fc3(x)


class Transformer(torch.nn.Module):
    """A block over the rows of an image, with a token in front of them, of which its answer is."""

    def __init__(self, width=32, heads=4):
        super().__init__()
        self.token = torch.nn.Parameter(torch.randn(1, 1, width) * 0.1)
        self.place = torch.nn.Parameter(torch.randn(29, width) * 0.1)
        self.enter = torch.nn.Linear(28, width)
        self.query, self.key = torch.nn.Linear(width, width), torch.nn.Linear(width, width)
        self.value, self.mix = torch.nn.Linear(width, width), torch.nn.Linear(width, width)
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.wide, self.narrow = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)
        self.leave = torch.nn.Linear(width, 10)
        self.heads = heads

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x):
        x = self.enter(x.flatten(1, 2))
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        weights = torch.softmax(q @ k.transpose(2, 3) / (q.shape[-1] ** 0.5), -1)
        x = self.norm1(x + self.mix((weights @ v).transpose(1, 2).flatten(2)))
        x = self.norm2(x + self.narrow(torch.nn.functional.gelu(self.wide(x))))
        return self.leave(x[:, 0])


class Sound(torch.nn.Module):
    """Convolutions over one axis: the rows of an image are channels."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv1d(28, 16, 5, padding=2)
        self.conv2 = torch.nn.Conv1d(16, 24, 3, stride=2)
        self.leave = torch.nn.Linear(24, 10)

    def forward(self, x):
        x = torch.nn.functional.max_pool1d(torch.relu(self.conv1(x.flatten(1, 2))), 2)
        return self.leave(torch.nn.functional.adaptive_avg_pool1d(torch.relu(self.conv2(x)), 1).flatten(1))


class Recurrent(torch.nn.Module):
    """An LSTM in both directions, a GRU and a plain recurrent layer, over the rows of an image."""

    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(28, 24, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = torch.nn.GRU(48, 20, batch_first=True)
        self.rnn = torch.nn.RNN(20, 16, batch_first=True)
        self.leave = torch.nn.Linear(16, 10)

    def forward(self, x):
        x, _ = self.lstm(x.flatten(1, 2))
        x, _ = self.gru(x, torch.zeros(1, x.shape[0], 20))
        return self.leave(self.rnn(x)[0][:, -1])


def small_resnet():
    net = torchvision.models.resnet18(num_classes=10)
    net.conv1 = torch.nn.Conv2d(1, 64, 3, stride=2, padding=1, bias=False)
    return net


NETWORKS = {
    "lenet": (LeNet, (1, 28, 28)),
    "resnet18": (small_resnet, (1, 32, 32)),
    "transformer": (Transformer, (1, 28, 28)),
    "sound": (Sound, (1, 28, 28)),
    "recurrent": (Recurrent, (1, 28, 28)),
}


def export(net, shape, form, opset, file):
    example = torch.randn(2, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form == "script":
            axes = {"x": {0: "batch"}, "y": {0: "batch"}}
            torch.onnx.export(
                net, example, file, input_names=["x"], output_names=["y"], opset_version=opset,
                dynamic_axes=axes, dynamo=False,
            )
        else:
            batch = torch.export.Dim("batch", min=1, max=4096)
            torch.onnx.export(
                net, (example,), file, input_names=["x"], output_names=["y"], opset_version=opset,
                dynamic_shapes={"x": {0: batch}}, dynamo=True, external_data=False, verbose=False,
            )


def run(tacit, folder, *words):
    done = subprocess.run([tacit, *words], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"tacit {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout


def answers(tacit, folder, model, inputs):
    """tacit's answers in the clear, by way of a sealed file."""
    numpy.save(folder / "input.npy", inputs)
    sealed = f"{model}.tacit"
    run(tacit, folder, "seal", model, "--to", "tacit-device/device.pub", "--expires", "never", "-o", sealed)
    run(tacit, folder, "run", sealed, "input.npy", "-o", "answer.npy")
    return numpy.load(folder / "answer.npy")


def trained(tacit, folder, model, shape, rows):
    """The file that north receives after an epoch."""
    source = numpy.random.default_rng(5)
    numpy.save(folder / "images.npy", source.integers(0, 17, (rows, *shape[1:])).astype(numpy.uint8))
    numpy.save(folder / "labels.npy", source.integers(0, 10, rows))
    parties = "".join(
        f'[[party]]\nname = "{n}"\naddress = "127.0.0.1:{i + 1}"\nkey = ""\n\n' for i, n in enumerate(("a", "b", "c"))
    )
    (folder / "job.toml").write_text(JOB.format(parties=parties, shape=list(shape), model=model))
    run(
        tacit, folder, "--quiet", "train", "job.toml", "--simulate",
        "--data", "north=images.npy", "--labels", "north=labels.npy",
    )  # fmt: skip
    return next(folder.rglob("model.onnx"))


def back_to_pytorch(net, exported, file):
    """The module, of which `exported` is an export, with the weights of the file that was trained from that. Exporters
    transpose weights, give them other names, and hold equal ones once; the names that they gave are known by what the
    weights were. tacit convolves over one axis as over two, of which the first has one place."""
    before, after = (
        {w.name: torch.tensor(numpy_helper.to_array(w)) for w in onnx.load(f).graph.initializer}
        for f in (exported, file)
    )
    after = {n: w.reshape(before[n].shape) if n in before else w for n, w in after.items()}
    state = net.state_dict()
    for name, tensor in state.items():
        same = [n for n, w in before.items() if w.shape == tensor.shape and torch.equal(w, tensor)]
        other = tensor.T if tensor.dim() == 2 else tensor
        turned = [n for n, w in before.items() if w.shape == other.shape and torch.equal(w, other)]
        if not same + turned:
            raise RuntimeError(f"the exported file does not hold {name}")
        state[name] = after[same[0]] if same else after[turned[0]].T
    net.load_state_dict(state)
    return net.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tacit", required=True, type=pathlib.Path)
    parser.add_argument("--only", choices=NETWORKS)
    options = parser.parse_args()
    tacit = str(options.tacit.resolve())
    torch.manual_seed(1)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tacit-pytorch-") as name:
        folder = pathlib.Path(name)
        run(tacit, folder, "vendor", "init", "--name", "check")
        run(tacit, folder, "device", "init")
        run(tacit, folder, "device", "trust", "tacit-vendor/vendor.pub")
        for title, (make, shape) in NETWORKS.items():
            if options.only and title != options.only:
                continue
            net = make().eval()
            drawn = {n: t.clone() for n, t in net.state_dict().items()}
            inputs = numpy.random.default_rng(2).normal(size=(200, *shape)).astype(numpy.float32)
            with torch.no_grad():
                wanted = net(torch.tensor(inputs)).numpy()
            for form, opsets in EXPORTS.items():
                for opset in opsets:
                    model = f"{title}-{form}-{opset}.onnx"
                    try:
                        export(net, shape, form, opset, str(folder / model))
                    except Exception as e:  # of PyTorch: not every exporter has every operator set
                        print(f"{model:28} PyTorch does not export it: {str(e).splitlines()[0][:80]}")
                        continue
                    try:
                        told = json.loads(run(tacit, folder, "--json", "check", model))
                        off = abs(answers(tacit, folder, model, inputs) - wanted).max() / abs(wanted).max()
                        good = told["supported"] and told["opset"] == opset and off < 1e-5
                        print(f"{model:28} {'as PyTorch' if good else 'WRONG'}: off by {off:.1e} of the largest")
                    except RuntimeError as e:
                        good = False
                        print(f"{model:28} WRONG: {e}")
                    failed += not good
            # The first takes minutes, and its normalisations went into convolutions; gates stand in another order.
            if title in ("resnet18", "recurrent"):
                continue
            for form, opset in (("script", 17), ("dynamo", 18)):
                net.load_state_dict(drawn)
                model = f"{title}-{form}-{opset}.onnx"
                file = trained(tacit, folder, model, shape, 80)
                module = back_to_pytorch(net, folder / model, file)
                asked = numpy.random.default_rng(3).uniform(0, 1, (1000, *shape)).astype(numpy.float32)
                session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
                scores = session.run(None, {session.get_inputs()[0].name: asked})[0]
                with torch.no_grad():
                    theirs = module(torch.tensor(asked)).numpy()
                off = abs(scores - theirs).max() / abs(theirs).max()
                good = off < 1e-5 and (scores.argmax(1) == theirs.argmax(1)).mean() > 0.999
                print(f"{model:28} trained: {'as PyTorch' if good else 'WRONG'}: off by {off:.1e} of the largest")
                failed += not good
                file.unlink()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
