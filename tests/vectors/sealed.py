#!/usr/bin/env python3
"""A sealed model of version 1, written by other means than the library's, byte by byte as docs/sealed-format.md says:
files of version 1 are to open for ever. Prints src/tacit/sealed/testing/version_1.h:

    python3 tests/vectors/sealed.py > src/tacit/sealed/testing/version_1.h
"""

import hashlib
import struct

import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK, SEALED_AT, EXPIRES = 1024, 1_800_000_000, 1_900_000_000
TEXT = bytes((7 * i + 3) % 256 for i in range(1100))
VENDOR_NAME, MODEL_NAME = "ACME Müller".encode(), b"speech"


def seed(word):
    return hashlib.sha256(b"version 1: " + word).digest()


def hkdf(key, salt, info, size=32):
    return hpke.expand(hpke.extract(salt, key), info, size)


def record(kind, body):
    return struct.pack("<HI", kind, len(body)) + body


def device_id(kem, public):
    return hashlib.sha256(b"tacit device 1: id\n" + {hpke.X25519: b"x25519", hpke.P256: b"p256"}[kem] + public).digest()


def merkle(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:k]) + merkle(leaves[k:])).digest()


def wrap(kem, public, ephemeral, file_id, vendor, facts, content_key):
    recipient = device_id(kem, public)
    secret, enc = ephemeral
    shared = hpke.shared_secret(kem, secret, public, enc, public)
    info = b"tacit sealed model 1: content key\n" + file_id + vendor + recipient
    sealed = hpke.Context(kem, 2, shared, info).seal(0, facts, content_key)
    return recipient, record(11, struct.pack("<H", kem) + recipient + enc + sealed)


def devices():
    """The two recipients' key pairs."""
    return {kem: hpke.key_pair(kem, seed(b"device")) for kem in (hpke.X25519, hpke.P256)}


def vendor():
    key = Ed25519PrivateKey.from_private_bytes(seed(b"vendor"))
    return key, key.public_key().public_bytes_raw()


def sealed_file(word, level, text, kind=1, fingerprint=b"", more=b"", revision=0):
    """A file of that level to both devices. `word` makes its keys; `more` are records behind all others."""
    vendor_key, public_key = vendor()
    file_id, content_key = seed(word + b"file"), seed(word + b"content key")
    facts = record(1, file_id) + record(2, bytes([level])) + record(3, public_key)
    facts += record(4, VENDOR_NAME) + record(5, MODEL_NAME)
    facts += record(6, struct.pack("<qq", SEALED_AT, EXPIRES)) + record(7, fingerprint)
    facts += record(8, struct.pack("<BIQ", kind, CHUNK, len(text)))
    facts += record(9, hkdf(content_key, file_id, b"tacit sealed model 1: commitment"))

    cipher = AESGCM(hkdf(content_key, file_id, b"tacit sealed model 1: chunks"))
    parts = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
    bound = hashlib.sha256(facts).digest()
    chunks = [
        cipher.encrypt(struct.pack("<QB3x", i, i + 1 == len(parts)), part, bound) for i, part in enumerate(parts)
    ]
    leaves = [hashlib.sha256(b"\0" + c).digest() for c in chunks]
    wraps = sorted(
        wrap(kem, public, hpke.key_pair(kem, seed(b"exchange")), file_id, public_key, facts, content_key)
        for kem, (_, public) in devices().items()
    )
    records = facts + record(10, merkle(leaves)) + b"".join(w for _, w in wraps) + more
    head = b"tacit sealed" + struct.pack("<HHI", 1, revision, len(records)) + records
    signature = vendor_key.sign(b"tacit sealed model 1: signature\n" + head)
    return head + signature + b"".join(leaves) + b"".join(chunks)


def lines(data):
    text = data.hex()
    return "\n    ".join(f'"{text[i : i + 104]}"' for i in range(0, len(text), 104))


def main():
    # The last record is what a later revision might add.
    file = sealed_file(b"", 1, TEXT, more=record(0x8001, b"later"), revision=3)
    print(f"""// A sealed model of version 1 and its keys, in hexadecimal. Written by tests/vectors/sealed.py, which says how.
#pragma once

#include <cstdint>

namespace tacit::testing {{

inline constexpr const char* kVersion1Vendor = "{vendor()[1].hex()}";
inline constexpr const char* kVersion1VendorName = "{VENDOR_NAME.decode()}";
inline constexpr std::int64_t kVersion1SealedAt = {SEALED_AT}, kVersion1Expires = {EXPIRES};
/// Raw private keys of the two recipients.
inline constexpr const char* kVersion1X25519 = "{devices()[hpke.X25519][0].hex()}";
inline constexpr const char* kVersion1P256 = "{devices()[hpke.P256][0].hex()}";
/// Its text is {len(TEXT)} bytes: number i is 7 i + 3, modulo 256.
inline constexpr const char* kVersion1File =
    {lines(file)};

}}  // namespace tacit::testing""")


if __name__ == "__main__":
    main()
