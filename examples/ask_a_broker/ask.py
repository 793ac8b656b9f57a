"""Asks a sealed model, which a broker opens, about one example:  ask.py SOCKET MODEL [LIBRARY]"""

import sys

import tacit_runtime


def full(shape):
    return [full(shape[1:]) for _ in range(shape[0])] if shape else 0.5


def main(socket, file, library="libtacit_runtime.so.1"):
    with tacit_runtime.Broker(socket, library) as broker, broker.open(file) as model:
        (answer,) = model.run([full(model.example)])
        print(f"{model.name}, by {model.vendor}, at level {model.level}")
        for value in answer:
            print(f"{value:.9g}")


try:
    main(*sys.argv[1:])
except tacit_runtime.TacitError as e:
    print(f"ask: {e}", file=sys.stderr)
    sys.exit(e.status)
