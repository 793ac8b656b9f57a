"""Writes the node tests of the installed package onnx (PyPI) as files, for operator sets 18 to 21: each at its own
operator set, if that is one of these, else at 21, if ONNX Runtime then gives the results that come with it, which also
judges the others. Called by tools/run_tests.sh; the C++ tests read the files (src/tacit/nn/testing/onnx_cases.h).

    python make_cases.py FOLDER
"""

import pathlib
import sys
import warnings

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

FIRST, LAST = 18, 21
IR_VERSIONS = {18: 8, 19: 9, 20: 9, 21: 10}


def at_a_set_that_is_tested(model):
    """The model at operator set 18 to 21; nothing if it uses operators of others than ONNX's own set."""
    if [s.domain for s in model.opset_import] not in ([""], ["ai.onnx"]):
        return None
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    version = copy.opset_import[0].version
    version = version if FIRST <= version <= LAST else LAST
    copy.opset_import[0].version, copy.ir_version = version, IR_VERSIONS[version]
    return copy


def array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def holds(model, inputs, outputs):
    """Whether ONNX Runtime takes the model and gives these results."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = {i.name: v for i, v in zip(session.get_inputs(), inputs, strict=True)}
    return all(
        numpy.allclose(g, w, rtol=1e-3, atol=1e-4, equal_nan=True)
        for g, w in zip(session.run(None, given), outputs, strict=True)
    )


def write(folder, model, inputs, outputs):
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    for kind, values in (("input", inputs), ("output", outputs)):
        for i, value in enumerate(values):
            (data / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(value).SerializeToString())


def main(folder):
    written = 0
    for case in collect_testcases(None):
        model = at_a_set_that_is_tested(case.model)
        try:
            inputs, outputs = ([array(v) for v in values] for values in case.data_sets[0])
            if model is None or not all(isinstance(v, numpy.ndarray) for v in [*inputs, *outputs]):
                continue
            if not holds(model, inputs, outputs):
                continue
        except Exception:  # whatever ONNX Runtime raises for a model that it does not take
            continue
        write(folder / case.name, model, inputs, outputs)
        written += 1
    print(f"{written} node tests of onnx {onnx.__version__}")
    if written < 100:
        sys.exit("too few: has the package changed?")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(pathlib.Path(sys.argv[1]))
