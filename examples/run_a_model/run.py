"""Opens a sealed model in this process and asks it about one example:  run.py KEYS MODEL [LIBRARY [SERVER]]"""

import sys

import tacit_runtime


def full(shape):
    return [full(shape[1:]) for _ in range(shape[0])] if shape else 0.5


def opened(keys, file, library=tacit_runtime.LIBRARY, server=None):
    if server is None:
        return tacit_runtime.open(keys, file, 1, library)
    return tacit_runtime.open_split(keys, file, server, 1, library)


def main(*arguments):
    with opened(*arguments) as model:
        (answer,) = model.run([full(model.example)])
        print(f"{model.name}, by {model.vendor}, at level {model.level}")
        for value in answer:
            print(f"{value:.9g}")


try:
    main(*sys.argv[1:])
except tacit_runtime.TacitError as e:
    print(f"run: {e}", file=sys.stderr)
    sys.exit(e.status)
