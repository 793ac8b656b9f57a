#!/usr/bin/env python3
"""The test vectors of RFC 9180 (appendix A, and the JSON file that it names) for HPKE's base mode, for the suites that
src/tacit/crypto/hpke.h has. The inputs are the RFC's; what follows from them is computed here by other means than the
library's (curves in whole numbers, the package cryptography for the ciphers), and held against what the RFC prints.
Prints src/tacit/crypto/testing/hpke_vectors.h:

    python3 tests/vectors/hpke.py > src/tacit/crypto/testing/hpke_vectors.h
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

P256, X25519 = 16, 32
CIPHERS = {1: (16, AESGCM), 2: (32, AESGCM), 3: (32, ChaCha20Poly1305)}  # bytes of a key
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
TEXT = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
NUMBERS = 0, 1, 2, 4, 255, 256
CONTEXTS = b"", b"\0", b"TestContext"

# kem, aead, ikmE, ikmR
INPUTS = [
    (X25519, 1, "7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234",
     "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037"),
    (X25519, 2, "2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9",
     "dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d1686492b9ee"),
    (X25519, 3, "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
     "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df"),
    (P256, 1, "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
     "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550"),
    (P256, 2, "a90d3417c3da9cb6c6ae19b4b5dd6cc9529a4cc24efb7ae0ace1f31887a8cd6c",
     "a0ce15d49e28bd47a18a97e147582d814b08cbe00109fed5ec27d1b4e9f6f5e3"),
    (P256, 3, "f1f1a3bc95416871539ecb51c3a8f0cf608afb40fbbe305c0a72819d35c33f1f",
     "61092f3f56994dd424405899154a9918353e3e008171517ad576b900ddb275e7"),
]

# What the RFC prints: (kem, aead): shared secret, the texts numbered 0 and 256, the last exported value.
PRINTED = {
    (X25519, 1): (
        "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
        "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2",
        "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"),
    (P256, 1): (
        "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8",
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
        "10f179686aa2caec1758c8e554513f16472bd0a11e2a907dde0b212cbe87d74f367f8ffe5e41cd3e9962a6afb2",
        "d8f1ea7942adbba7412c6d431c62d01371ea476b823eb697e1f6e6cae1dab85a"),
}


# ---- HKDF with SHA-256 (RFC 5869), labelled


def extract(salt, key):
    return hmac.digest(salt or bytes(32), key, "sha256")


def expand(key, info, size):
    out = block = b""
    while len(out) < size:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:size]


def labelled_extract(suite, salt, label, key):
    return extract(salt, b"HPKE-v1" + suite + label + key)


def labelled_expand(suite, key, label, info, size):
    return expand(key, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)


# ---- X25519 (RFC 7748)

Q = 2**255 - 19


def x25519(scalar, u):
    k = int.from_bytes(scalar, "little") & (1 << 254) - 8 | 1 << 254
    x1 = int.from_bytes(u, "little") & (1 << 255) - 1
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in range(254, -1, -1):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a % Q, c * b % Q, a * a % Q, b * b % Q
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % Q, x1 * (da - cb) ** 2 % Q
        x2, z2 = aa * bb % Q, e * (aa + 121665 * e) % Q
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, Q) % Q).to_bytes(32, "little")


# ---- P-256 (SP 800-186)

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    out = None
    for bit in bin(k)[2:]:
        out = add(out, out)
        if bit == "1":
            out = add(out, point)
    return out


def point_bytes(point):
    return b"\4" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


# ---- the RFC's sections 4.1, 5 and 7.1.3


def key_pair(kem, seed):
    suite = b"KEM" + kem.to_bytes(2, "big")
    key = labelled_extract(suite, b"", b"dkp_prk", seed)
    if kem == X25519:
        secret = labelled_expand(suite, key, b"sk", b"", 32)
        return secret, x25519(secret, (9).to_bytes(32, "little"))
    for counter in range(256):
        secret = labelled_expand(suite, key, b"candidate", bytes([counter]), 32)
        if 0 < int.from_bytes(secret, "big") < ORDER:
            return secret, point_bytes(times(int.from_bytes(secret, "big"), BASE))
    raise ValueError("no key")


def shared_secret(kem, secret, other, enc, receiver):
    suite = b"KEM" + kem.to_bytes(2, "big")
    if kem == X25519:
        dh = x25519(secret, other)
    else:
        point = int.from_bytes(other[1:33], "big"), int.from_bytes(other[33:], "big")
        dh = times(int.from_bytes(secret, "big"), point)[0].to_bytes(32, "big")
    key = labelled_extract(suite, b"", b"eae_prk", dh)
    return labelled_expand(suite, key, b"shared_secret", enc + receiver, 32)


class Context:
    def __init__(self, kem, aead, shared, info):
        self.suite = b"HPKE" + kem.to_bytes(2, "big") + (1).to_bytes(2, "big") + aead.to_bytes(2, "big")
        size, cipher = CIPHERS[aead]
        context = b"\0" + labelled_extract(self.suite, b"", b"psk_id_hash", b"")
        context += labelled_extract(self.suite, b"", b"info_hash", info)
        secret = labelled_extract(self.suite, shared, b"secret", b"")
        self.cipher = cipher(labelled_expand(self.suite, secret, b"key", context, size))
        self.nonce = labelled_expand(self.suite, secret, b"base_nonce", context, 12)
        self.exporter = labelled_expand(self.suite, secret, b"exp", context, 32)

    def seal(self, number, aad, text):
        nonce = bytes(a ^ b for a, b in zip(self.nonce, number.to_bytes(12, "big")))
        return self.cipher.encrypt(nonce, text, aad)

    def export(self, context, size):
        return labelled_expand(self.suite, self.exporter, b"sec", context, size)


def vector(kem, aead, ikm_e, ikm_r):
    (sk_e, enc), (sk_r, pk_r) = key_pair(kem, bytes.fromhex(ikm_e)), key_pair(kem, bytes.fromhex(ikm_r))
    shared = shared_secret(kem, sk_e, pk_r, enc, pk_r)
    assert shared == shared_secret(kem, sk_r, enc, enc, pk_r)
    return (sk_e, enc), (sk_r, pk_r), shared, Context(kem, aead, shared, INFO)


def lines(data):
    text = data if isinstance(data, str) else data.hex()
    parts = [text[i : i + 96] for i in range(0, len(text), 96)] or [""]
    return "\n     ".join(f'"{p}"' for p in parts)


def main():
    print("""// The test vectors of RFC 9180 (appendix A, and the JSON file that it names) for the suites of hpke.h in base
// mode, in hexadecimal. Written by tests/vectors/hpke.py, which says how.
#pragma once

#include <cstdint>

namespace tacit::testing {

struct HpkeVector {
  std::uint16_t kem, aead;
  const char *ikm_sender, *ikm_receiver, *secret_sender, *secret_receiver, *public_receiver, *enc, *shared;
  const char* sealed[6];    ///< kHpkeText under the numbers of kHpkeNumbers, associated with "Count-" and the number
  const char* exported[3];  ///< 32 bytes for each of kHpkeContexts
};

inline constexpr const char* kHpkeInfo = "%s";
inline constexpr const char* kHpkeText =
    "%s";
inline constexpr std::uint64_t kHpkeNumbers[] = {%s};
inline constexpr const char* kHpkeContexts[] = {%s};

inline constexpr HpkeVector kHpkeVectors[] = {""" % (INFO.hex(), TEXT.hex(), ", ".join(map(str, NUMBERS)),
                                                     ", ".join(f'"{c.hex()}"' for c in CONTEXTS)))
    for kem, aead, ikm_e, ikm_r in INPUTS:
        (sk_e, enc), (sk_r, pk_r), shared, context = vector(kem, aead, ikm_e, ikm_r)
        sealed = [context.seal(n, b"Count-%d" % n, TEXT) for n in NUMBERS]
        exported = [context.export(c, 32) for c in CONTEXTS]
        if (kem, aead) in PRINTED:
            assert PRINTED[kem, aead] == (shared.hex(), sealed[0].hex(), sealed[-1].hex(), exported[-1].hex())
        fields = [ikm_e, ikm_r, sk_e, sk_r, pk_r, enc, shared]
        print(f"    {{{kem}, {aead},")
        for f in fields:
            print(f"     {lines(f)},")
        print("     {" + ",\n     ".join(map(lines, sealed)) + "},")
        print("     {" + ",\n     ".join(map(lines, exported)) + "}},")
    print("};\n\n}  // namespace tacit::testing")


if __name__ == "__main__":
    main()
