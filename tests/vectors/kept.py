#!/usr/bin/env python3
"""A sealed model of version 1 that its vendor kept, and a rotation of that vendor's key, written by other means than the
library's as docs/sealed-format.md says: what was kept is to open for ever. Prints src/tacit/sealed/testing/kept_1.h:

    python3 tests/vectors/kept.py > src/tacit/sealed/testing/kept_1.h
"""

import base64
import hashlib
import struct

import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sealed import SEALED_AT, hkdf, record, seed, wrap

TEXT = bytes((11 * i + 5) % 256 for i in range(200))
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def keys(word):
    key = Ed25519PrivateKey.from_private_bytes(seed(word))
    return key, key.public_key().public_bytes_raw()


def main():
    vendor_key, vendor = keys(b"vendor")
    next_key, next_public = keys(b"vendor's next")
    keeper = hpke.key_pair(hpke.X25519, hkdf(seed(b"vendor"), b"", b"tacit vendor 1: kept models"))[1]
    file_id, content_key = seed(b"kept file"), seed(b"kept content key")
    facts = record(1, file_id) + record(2, b"\1") + record(3, vendor) + record(4, b"ACME") + record(5, b"kept")
    facts += record(6, struct.pack("<qq", SEALED_AT, 2**63 - 1)) + record(7, b"")
    facts += record(8, struct.pack("<BIQ", 1, 1024, len(TEXT)))
    facts += record(9, hkdf(content_key, file_id, b"tacit sealed model 1: commitment"))
    cipher = AESGCM(hkdf(content_key, file_id, b"tacit sealed model 1: chunks"))
    chunk = cipher.encrypt(struct.pack("<QB3x", 0, 1), TEXT, hashlib.sha256(facts).digest())
    leaf = hashlib.sha256(b"\0" + chunk).digest()
    exchange = hpke.key_pair(hpke.X25519, seed(b"kept exchange"))
    _, own = wrap(hpke.X25519, keeper, exchange, file_id, vendor, facts, content_key)
    records = facts + record(10, leaf) + own
    head = b"tacit sealed" + struct.pack("<HHI", 1, 0, len(records)) + records
    file = head + vendor_key.sign(b"tacit sealed model 1: signature\n" + head) + leaf + chunk

    said = f"tacit vendor rotation 1\nname = ACME\nbefore = ed25519:{vendor.hex()}\n"
    said += f"after = ed25519:{next_public.hex()}\ntime = {SEALED_AT}\n"
    signed = b"tacit vendor rotation 1: signature\n" + said.encode()
    said += f"by-before = {vendor_key.sign(signed).hex()}\nby-after = {next_key.sign(signed).hex()}\n"

    def quoted(text, width=104):
        return "\n    ".join(f'"{text[i : i + width]}"' for i in range(0, len(text), width))

    def quoted_lines(text):
        parts = []
        for line in text.splitlines():
            pieces = [line[i : i + 100] for i in range(0, len(line), 100)]
            parts += [f'"{p}"' for p in pieces[:-1]] + [f'"{pieces[-1]}\\n"']
        return "\n    ".join(parts)

    print(f"""// A sealed model of version 1 that its vendor kept, and a rotation. Written by tests/vectors/kept.py, which says how.
#pragma once

namespace tacit::testing {{

/// vendor.key
inline constexpr const char* kKept1Key =
    "-----BEGIN PRIVATE KEY-----\\n"
    "{base64.b64encode(PKCS8 + seed(b"vendor")).decode()}\\n"
    "-----END PRIVATE KEY-----\\n";
/// Its text is {len(TEXT)} bytes: number i is 11 i + 5, modulo 256. In hexadecimal.
inline constexpr const char* kKept1File =
    {quoted(file.hex())};
/// To another key.
inline constexpr const char* kRotation1 =
    {quoted_lines(said)};

}}  // namespace tacit::testing""")


if __name__ == "__main__":
    main()
