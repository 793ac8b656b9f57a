#!/usr/bin/env python3
"""A model in tiles of version 1, written by other means than the library's, byte by byte as docs/sealed-format.md says:
models of version 1 are to open for ever. Prints src/tacit/sealed/testing/tiles_1.h:

    python3 tests/vectors/tiles.py > src/tacit/sealed/testing/tiles_1.h
"""

import struct

WEIGHTS = [1.0, -2.0, 0.5, 4.0, 0.25, -8.0]  # 2 x 3, as floats
BIAS = [0.1, 0.2, 0.3]  # as doubles
EXAMPLE = [3.0, -1.5]
ABSENT = 0xFFFFFFFF


def name(text):
    return struct.pack("<H", len(text)) + text.encode()


def value(kind, width, called, shape):
    return struct.pack("<BB", kind, width) + name(called) + struct.pack(f"<B{len(shape)}Q", len(shape), *shape)


def node(operator, called, inputs, attributes):
    out = name(operator) + name(called) + struct.pack(f"<I{len(inputs)}I", len(inputs), *inputs)
    out += struct.pack("<I", len(attributes))
    for key, kind, packed in attributes:
        out += name(key) + struct.pack("<B", kind) + packed
    return out


def text():
    """The model: Gemm, and its result turned round."""
    outline = struct.pack("<I", 3)
    outline += value(0, 0, "x", (1, 2)) + value(1, 4, "w", (2, 3)) + value(1, 8, "b", (3,))
    outline += struct.pack("<I", 2)
    attributes = [("alpha", 1, struct.pack("<d", 2.0)), ("transA", 0, struct.pack("<q", 0))]
    outline += node("Gemm", "product", (0, 1, 2), attributes)
    outline += node("Transpose", "turned", (3,), [("perm", 3, struct.pack("<I2q", 2, 0, 1))])
    outline += struct.pack("<I", 4)
    head = b"tacit tiles " + struct.pack("<HHQ", 1, 0, len(outline))
    return head + outline + struct.pack("<6f", *WEIGHTS) + struct.pack("<3d", *BIAS)


def main():
    answer = [2.0 * sum(EXAMPLE[k] * WEIGHTS[3 * k + j] for k in range(2)) + BIAS[j] for j in range(3)]
    digits = text().hex()
    lines = "\n    ".join(f'"{digits[i : i + 104]}"' for i in range(0, len(digits), 104))
    print(f"""// A model in tiles of version 1, in hexadecimal. Written by tests/vectors/tiles.py, which says how.
#pragma once

namespace tacit::testing {{

inline constexpr const char* kTiles1Text =
    {lines};
inline constexpr double kTiles1Example[] = {{{", ".join(map(repr, EXAMPLE))}}};
inline constexpr double kTiles1Answer[] = {{{", ".join(map(repr, answer))}}};

}}  // namespace tacit::testing""")


if __name__ == "__main__":
    main()
