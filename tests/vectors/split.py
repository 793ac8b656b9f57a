#!/usr/bin/env python3
"""A sealed model of level 3, written by other means than the library's, byte by byte as docs/sealed-format.md says:
files of version 1 are to open for ever. Prints src/tacit/sealed/testing/split_1.h:

    python3 tests/vectors/split.py > src/tacit/sealed/testing/split_1.h
"""

import hashlib
import struct

import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sealed import device_id, devices, lines, record, sealed_file, seed
from tiles import node, value

SEGMENT = hashlib.sha256(b"segment").digest()
AT = b"vendor.example:7300"
WEIGHTS = [1.0, -2.0, 0.5, 4.0, 0.25, -8.0]  # 2 x 3, as floats
BIAS = [0.1, 0.2, 0.3]  # as doubles
PART = b"what the device knows of its segment"
EXAMPLE = [0.75, -0.5]


def tiles(outline, numbers):
    return b"tacit tiles " + struct.pack("<HHQ", 1, 0, len(outline)) + outline + numbers


def layers():
    """Gemm before the segment, Relu behind it."""
    before = struct.pack("<I", 3) + value(0, 0, "x", (1, 2)) + value(1, 4, "w", (2, 3)) + value(1, 8, "b", (3,))
    before += struct.pack("<I", 1) + node("Gemm", "first", (0, 1, 2), []) + struct.pack("<I", 3)
    after = struct.pack("<I", 1) + value(0, 0, "y", (1, 3))
    after += struct.pack("<I", 1) + node("Relu", "last", (0,), []) + struct.pack("<I", 1)
    return tiles(before, struct.pack("<6f", *WEIGHTS) + struct.pack("<3d", *BIAS)), tiles(after, b"")


def access(kem, public, server):
    """A device's id, and its key for the vendor's server, sealed to it."""
    recipient = device_id(kem, public)
    secret, enc = hpke.key_pair(kem, seed(b"access exchange"))
    info = b"tacit segment 1: access\n" + SEGMENT + server + recipient
    sealed = hpke.Context(kem, 2, hpke.shared_secret(kem, secret, public, enc, public), info)
    key = hashlib.sha256(b"access" + recipient).digest()
    return recipient, recipient + struct.pack("<H", len(enc)) + enc + sealed.seal(0, b"", key), key


def main():
    server = Ed25519PrivateKey.from_private_bytes(seed(b"server")).public_key().public_bytes_raw()
    keys = {kem: access(kem, public, server) for kem, (_, public) in devices().items()}
    before, after = layers()
    text = b"tacit split " + struct.pack("<HHIQQQ", 1, 0, len(keys), len(before), len(after), len(PART))
    text += b"".join(packed for _, packed, _ in sorted(keys.values())) + before + after + PART

    shapes = struct.pack("<BI", 1, 3) * 2
    terms = SEGMENT + server + struct.pack("<IBBqq", 100, 32, 10, -8 * 1024, 8 * 1024) + shapes + AT
    file = sealed_file(b"split ", 3, text, kind=3, more=record(13, terms))

    # What goes into the segment, in units of 2^-10; the test lets the segment turn its signs.
    first = [sum(EXAMPLE[k] * WEIGHTS[3 * k + j] for k in range(2)) + BIAS[j] for j in range(3)]
    units = [round(v * 1024) for v in first]
    answer = [max(0.0, -u / 1024) for u in units]

    def public_half(kem):
        return Ed25519PrivateKey.from_private_bytes(keys[kem][2]).public_key().public_bytes_raw().hex()

    print(f"""// A sealed model of level 3, in hexadecimal, to the keys of version_1.h. By tests/vectors/split.py.
#pragma once

#include <cstdint>

namespace tacit::testing {{

inline constexpr const char* kSplit1File =
    {lines(file)};
/// The keys that the two devices show the vendor's server.
inline constexpr const char* kSplit1AccessX25519 =
    "{public_half(hpke.X25519)}";
inline constexpr const char* kSplit1AccessP256 =
    "{public_half(hpke.P256)}";
inline constexpr const char* kSplit1Part = "{PART.decode()}";
inline constexpr double kSplit1Example[] = {{{", ".join(map(repr, EXAMPLE))}}};
/// What goes into the segment, and what the model answers if that turns all signs.
inline constexpr std::int64_t kSplit1Asked[] = {{{", ".join(map(str, units))}}};
inline constexpr double kSplit1Answer[] = {{{", ".join(map(repr, answer))}}};

}}  // namespace tacit::testing""")


if __name__ == "__main__":
    main()
