#!/usr/bin/env python3
"""A real speech model there and back: check_speech_model.py --tacit ./tacit --model hello_deepa.onnx

The model is of the npm package openwakeword-js 0.1.27 (models/hello_deepa.onnx, Apache-2.0: 'npm pack' fetches it):
78,049 weights, two layer normalisations written out in single operators. It is run as it came, beside ONNX Runtime; then
three parties train it for some steps, and the private scores of what came out must be those of ONNX Runtime on the
exported file. Packages: numpy, onnxruntime."""

import argparse
import csv
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

DIGEST = "67ac357640e53b9d4713433a8ab48be4333f7cb21d6816406be7660ebe6d7614"
JOB = """[job]
name = "speech"

{parties}[[owner]]
name = "north"
key = ""

[data]
test_fraction = 0.2
shape = [25, 96]
array = {{ range = [0, 255] }}
label = {{ name = "heard", type = "binary", values = ["0", "1"] }}

[model]
file = "m.onnx"

[training]
epochs = 1
batch = 32
[training.optimiser]
rate = 0.01

[[release]]
what = "model"
to = ["north"]
purpose = "it goes back"

[[release]]
what = "scores"
to = ["north"]
purpose = "to compare"
"""


def scores_of(file, inputs):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return numpy.concatenate([session.run(None, {name: x[None]})[0] for x in inputs]).reshape(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tacit", required=True, type=pathlib.Path)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    options = parser.parse_args()
    found = hashlib.sha256(options.model.read_bytes()).hexdigest()
    if found != DIGEST:
        sys.exit(f"check_speech_model: '{options.model}' has the SHA-256 {found}, and not {DIGEST}: get it again")
    with tempfile.TemporaryDirectory(prefix="tacit-speech-") as name:
        folder = pathlib.Path(name)

        def run(*words):
            subprocess.run([options.tacit.resolve(), *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)

        shutil.copy(options.model, folder / "m.onnx")
        source = numpy.random.default_rng(1)
        sounds = source.normal(size=(200, 25, 96)).astype(numpy.float32)
        numpy.save(folder / "sounds.npy", sounds)
        run("vendor", "init", "--name", "check")
        run("device", "init")
        run("device", "trust", "tacit-vendor/vendor.pub")
        run("seal", "m.onnx", "--to", "tacit-device/device.pub", "--expires", "never", "-o", "m.tacit")
        run("run", "m.tacit", "sounds.npy", "-o", "answers.npy")
        came = abs(numpy.load(folder / "answers.npy").reshape(-1) - scores_of(folder / "m.onnx", sounds)).max()
        levels = source.integers(0, 256, (120, 25, 96)).astype(numpy.uint8)
        numpy.save(folder / "levels.npy", levels)
        numpy.save(folder / "heard.npy", (levels.mean((1, 2)) > 127).astype(numpy.int64))
        parties = "".join(
            f'[[party]]\nname = "{n}"\naddress = "127.0.0.1:{i + 1}"\nkey = ""\n\n' for i, n in enumerate("abc")
        )
        (folder / "job.toml").write_text(JOB.format(parties=parties))
        run("--quiet", "train", "job.toml", "--local", "--data", "north=levels.npy", "--labels", "north=heard.npy")
        run("--quiet", "predict", "job.toml", "--local", "--owner", "north", "--data", "levels.npy")
        with open(folder / "local-out/north-out/scores.csv") as table:
            private = numpy.array([line[-1] for line in list(csv.reader(table))[1:]], dtype=float)
        wanted = scores_of(folder / "local-out/north-out/model.onnx", levels.astype(numpy.float32) / 255)
        went = abs(private - wanted).max()
    print(f"as it came: off by {came:.1e}; trained, private scores: off by {went:.1e}")
    sys.exit(0 if came < 1e-5 and went < 1e-3 else 1)


if __name__ == "__main__":
    main()
