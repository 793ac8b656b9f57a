#!/usr/bin/env python3
"""Known answers for BFV from Microsoft SEAL: what SEAL makes of the ciphertexts of bfv.py, under the same key and
with the same primes. (SEAL takes its randomness from elsewhere, so that its encryptions have no known answers; what
it computes from given ciphertexts has.) Prints src/tacit/he/testing/seal_answers.h:

    pip install tenseal zstandard && python3 tests/vectors/bfv_seal.py > src/tacit/he/testing/seal_answers.h
"""

import pathlib
import struct
import tempfile

import bfv
import tenseal.sealapi as seal
import zstandard

HEADER = struct.Struct("<HBBBBHQ")  # before all that SEAL saves; the last but two: whether it is compressed
SETS = [
    (4096, bfv.primes_of(37, 4096, 1) + bfv.primes_of(36, 4096, 2), 65537),
    (8192, bfv.primes_of(44, 8192, 3) + bfv.primes_of(43, 8192, 2), 1 << 36),
]


class Seal:
    """A context whose data are modulo our primes: SEAL keeps the last prime of a set to itself."""

    def __init__(self, n, primes, t):
        self.n, self.primes, self.t = n, primes, t
        parameters = seal.EncryptionParameters(seal.SCHEME_TYPE.BFV)
        parameters.set_poly_modulus_degree(n)
        parameters.set_coeff_modulus([seal.Modulus(p) for p in primes + bfv.primes_of(50, n, 1)])
        parameters.set_plain_modulus(seal.Modulus(t))
        self.context = seal.SEALContext(parameters, True, seal.SEC_LEVEL_TYPE.NONE)
        self.evaluator = seal.Evaluator(self.context)
        self.keys = seal.KeyGenerator(self.context)

    def plain(self, coefficients):
        terms = [f"{c % self.t:X}x^{i}" for i, c in enumerate(coefficients) if c % self.t]
        return seal.Plaintext(" + ".join(reversed(terms)))

    def changed(self, thing, words):
        """`thing` with other words in the array that ends what SEAL saves of it."""
        with tempfile.TemporaryDirectory() as folder:
            file = str(pathlib.Path(folder, "saved"))
            thing.save(file)
            saved = pathlib.Path(file).read_bytes()
            magic, size, major, minor, _, _, _ = HEADER.unpack_from(saved)
            body = zstandard.ZstdDecompressor().decompressobj().decompress(saved[HEADER.size :])
            array = struct.pack(f"<{len(words)}Q", *words)
            assert struct.unpack_from("<Q", body, len(body) - len(array) - 8) == (len(words),)
            body = body[: -len(array)] + array
            header = HEADER.pack(magic, size, major, minor, 0, 0, HEADER.size + len(body))
            pathlib.Path(file).write_bytes(header + body)
            thing.load(self.context, file)
        return thing

    def secret(self, s):
        """The key of these coefficients, which SEAL itself transforms."""
        key = self.keys.secret_key()
        values = self.plain(s)
        self.evaluator.transform_to_ntt_inplace(values, self.context.key_parms_id())
        return self.changed(key, [values[i] for i in range(self.n * (len(self.primes) + 1))])

    def ciphertext(self, c0, c1):
        public = seal.PublicKey()
        self.keys.create_public_key(public)
        c = seal.Ciphertext(self.context)
        seal.Encryptor(self.context, public).encrypt(self.plain([1]), c)
        return self.changed(c, [x % p for c in (c0, c1) for p in self.primes for x in c])

    def digests(self, c):
        words = [c[i] for i in range(2 * self.n * len(self.primes))]
        halves = words[: len(words) // 2], words[len(words) // 2 :]
        pack = lambda half: bfv.hashlib.sha256(struct.pack(f"<{len(half)}Q", *half)).hexdigest()
        return [pack(half) for half in halves]


def answers(n, primes, t):
    given = bfv.example(n, primes, t)
    library = Seal(n, primes, t)
    decryptor = seal.Decryptor(library.context, library.secret(given["s"]))
    factor, evaluator = library.plain(given["f"]), library.evaluator

    def decrypted(c):
        out = seal.Plaintext()
        decryptor.decrypt(c, out)
        return bfv.digest([out[i] if i < out.coeff_count() else 0 for i in range(n)], [1 << 64])

    out = []
    for change in (
        lambda c: None,
        lambda c: evaluator.multiply_plain_inplace(c, factor),
        lambda c: evaluator.add_plain_inplace(c, factor),
        lambda c: evaluator.add_inplace(c, library.ciphertext(given["c1"], given["c0"])),
        lambda c: evaluator.sub_inplace(c, library.ciphertext(given["c1"], given["c0"])),
    ):
        c = library.ciphertext(given["c0"], given["c1"])
        change(c)
        out += [*library.digests(c), decrypted(c)]
    return out


def main():
    print("// Known answers for BFV from Microsoft SEAL. Made by tests/vectors/bfv_seal.py, which says how.")
    print("#pragma once\n\n#include <cstddef>\n\n#include \"tacit/base/bytes.h\"\n")
    print("namespace tacit::he {\n")
    print("/// SHA-256 of a ciphertext's coefficients, limb after limb, and of what SEAL decrypts it to.")
    print("struct SealCiphertext {\n  const char *c0, *c1, *message;\n};\n")
    print("struct SealAnswer {\n  std::size_t degree;\n  Word plain;")
    print("  /// Of (c0, c1); of its product with a plaintext and its sum with one; of its sum and difference with")
    print("  /// (c1, c0), which decrypts to something, too.")
    print("  SealCiphertext fresh, product, plain_sum, sum, difference;\n};\n")
    print("inline constexpr SealAnswer kSealAnswers[] = {")
    for n, primes, t in SETS:
        told = answers(n, primes, t)
        print(f"    {{{n},\n     {t},")
        for i in range(0, len(told), 3):
            lines = ",\n      ".join(f'"{d}"' for d in told[i : i + 3])
            print(f"     {{{lines}}}" + ("," if i + 3 < len(told) else "},"))
    print("};\n\n}  // namespace tacit::he")


if __name__ == "__main__":
    main()
