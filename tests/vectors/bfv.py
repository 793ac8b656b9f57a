#!/usr/bin/env python3
"""Known answers for BFV, by other means than the library's: whole numbers instead of residues, products of
polynomials as products of numbers (Kronecker), values of polynomials by the recursion of even and odd
coefficients, AES from its definition. Prints src/tacit/he/testing/bfv_answers.h:

    python3 tests/vectors/bfv.py > src/tacit/he/testing/bfv_answers.h
"""

import hashlib

KEY = bytes(range(16))


def sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ (p << 1) & 0xFF ^ (0x1B if p & 0x80 else 0)
        for s in (1, 2, 4):
            q = (q ^ q << s) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        x = q
        for s in (1, 2, 3, 4):
            x ^= (q << s | q >> (8 - s)) & 0xFF
        box[p] = x ^ 0x63
        if p == 1:
            box[0] = 0x63
            return box


SBOX = sbox()
DOUBLE = [(x << 1) ^ (0x11B if x & 0x80 else 0) for x in range(256)]


def round_keys(key):
    words, rcon = [list(key[i : i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        w = list(words[-1])
        if i % 4 == 0:
            w = [SBOX[x] for x in w[1:] + w[:1]]
            w[0] ^= rcon
            rcon = DOUBLE[rcon]
        words.append([a ^ b for a, b in zip(words[-4], w)])
    return [sum(words[4 * r : 4 * r + 4], []) for r in range(11)]


ROUND_KEYS = round_keys(KEY)
SHIFT = [(i + 4 * (i % 4)) % 16 for i in range(16)]


def aes(block):
    s = [a ^ b for a, b in zip(block, ROUND_KEYS[0])]
    for r in range(1, 11):
        s = [SBOX[s[i]] for i in SHIFT]
        if r < 10:
            t = []
            for c in range(0, 16, 4):
                a = s[c : c + 4]
                every = a[0] ^ a[1] ^ a[2] ^ a[3]
                t += [a[i] ^ every ^ DOUBLE[a[i] ^ a[(i + 1) % 4]] for i in range(4)]
            s = t
        s = [a ^ b for a, b in zip(s, ROUND_KEYS[r])]
    return bytes(s)



class Streams:
    """The library's numbered streams of words, taken one after the other."""

    def __init__(self):
        self.number = -1

    def next(self, count):
        self.number += 1
        out = []
        for i in range((count + 1) // 2):
            block = aes(i.to_bytes(8, "little") + self.number.to_bytes(8, "little"))
            out += [int.from_bytes(block[:8], "little"), int.from_bytes(block[8:], "little")]
        return out[:count]


def ternary(streams, n):
    words = streams.next(n // 4)
    digits = []
    for w in words:
        four = []
        for _ in range(4):
            x = w - (1 << 64) if w >> 63 else w
            four.append(1 if 3 * x > 1 << 63 else -1 if -3 * x > 1 << 63 else 0)
            w = 3 * w % (1 << 64)
        digits.append(four)
    half = n // 8
    return sum((digits[i] + digits[i + half] for i in range(half)), [])


def binomial(streams, n):
    words, m = streams.next(6 * n // 8), n // 8
    out = []
    for i in range(m):
        for byte in range(8):
            bits = "".join(bin(words[k * m + i] >> 8 * byte & (0xFF if k < 5 else 3))[2:] for k in range(6))
            out.append(bits.count("1") - 21)
    return out


def uniform(streams, n, primes):
    """Values modulo each prime."""
    limbs = []
    for q in primes:
        mask, tries = (1 << q.bit_length()) - 1, streams.next(n + 64)
        limbs.append([x & mask for x in tries if x & mask < q][:n])
    return limbs


def is_prime(n):
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13)):
        return False
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        x = pow(a, d, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(s - 1)):
            return False
    return True


def primes_of(bits, n, count):
    found, q = [], (1 << bits) - 2 * n + 1
    while len(found) < count:
        if is_prime(q):
            found.append(q)
        q -= 2 * n
    return found


def root_of(q, n):
    candidate = 2
    while True:
        root = pow(candidate, (q - 1) // (2 * n), q)
        if pow(root, n, q) == q - 1:
            return root
        candidate += 1


def interpolate(values, q, n):
    """The coefficients modulo X^n + 1 of what has these values at the odd powers of the root, bit-reversed."""
    root, bits = root_of(q, n), n.bit_length() - 1
    natural = [0] * n
    for i, v in enumerate(values):
        natural[int(format(i, f"0{bits}b")[::-1], 2)] = v

    def fourier(x, w):
        if len(x) == 1:
            return x
        even, odd = fourier(x[::2], w * w % q), fourier(x[1::2], w * w % q)
        power, first, second = 1, [], []
        for a, b in zip(even, odd):
            first.append((a + power * b) % q)
            second.append((a - power * b) % q)
            power = power * w % q
        return first + second

    # values[k] = sum_i c_i root^(i(2k+1)), so c_i root^i is a Fourier transform's inverse.
    inverse = pow(root, -1, q)
    twisted = fourier(natural, inverse * inverse % q)
    scale = pow(n, -1, q)
    return [x * scale * pow(inverse, i, q) % q for i, x in enumerate(twisted)]


def combine(limbs, primes):
    q = 1
    for p in primes:
        q *= p
    parts = [(q // p) * pow(q // p, -1, p) for p in primes]
    return [sum(a * b for a, b in zip(column, parts)) % q for column in zip(*limbs)]


def multiply(a, b, q):
    """Modulo X^n + 1 and q, of numbers of either sign."""
    n, a, b = len(a), [x % q for x in a], [x % q for x in b]
    size = (2 * q.bit_length() + n.bit_length() + 8) // 8
    number = lambda x: int.from_bytes(b"".join(v.to_bytes(size, "little") for v in x), "little")
    raw = (number(a) * number(b)).to_bytes(2 * n * size, "little")
    product = [int.from_bytes(raw[i * size : (i + 1) * size], "little") for i in range(2 * n)]
    return [(product[i] - product[i + n]) % q for i in range(n)]


def digest(numbers, primes):
    h = hashlib.sha256()
    for p in primes:
        h.update(b"".join((x % p).to_bytes(8, "little") for x in numbers))
    return h.hexdigest()


def example(n, primes, t):
    """A secret key, a message encrypted under its public key, and a factor."""
    q = 1
    for p in primes:
        q *= p
    streams = Streams()
    s = ternary(streams, n)
    a = combine([interpolate(v, p, n) for v, p in zip(uniform(streams, n, primes), primes)], primes)
    e = binomial(streams, n)
    p0 = [(x - y) % q for x, y in zip(e, multiply(a, s, q))]
    u, e0, e1 = ternary(streams, n), binomial(streams, n), binomial(streams, n)
    m = [(i * i * 0x9E3779B97F4A7C15 + 12345) % t for i in range(n)]
    f = [(i * i * i * 0xBF58476D1CE4E5B9 + 54321) % t for i in range(n)]
    scaled = [(2 * q * x + t) // (2 * t) for x in m]
    c0 = [(x + y + z) % q for x, y, z in zip(multiply(p0, u, q), e0, scaled)]
    c1 = [(x + y) % q for x, y in zip(multiply(a, u, q), e1)]
    return {"q": q, "s": s, "m": m, "f": f, "c0": c0, "c1": c1}


def answer(n, primes, t):
    q, s, m, f, c0, c1 = example(n, primes, t).values()
    signed = [x - t if x > t // 2 else x for x in f]

    def decrypt(c0, c1):
        return [(2 * t * ((x + y) % q) + q) // (2 * q) % t for x, y in zip(c0, multiply(c1, s, q))]

    product = multiply(m, f, t)
    assert decrypt(c0, c1) == m
    assert decrypt(multiply(c0, signed, q), multiply(c1, signed, q)) == product
    return (n, t, digest(s, primes), digest(c0, primes), digest(c1, primes), digest(product, [1 << 64]))


def main():
    print("// Known answers for BFV under a known key. Made by tests/vectors/bfv.py, which says how.")
    print("#pragma once\n\n#include <cstddef>\n\n#include \"tacit/base/bytes.h\"\n")
    print("namespace tacit::he {\n")
    print("struct BfvAnswer {")
    print("  std::size_t degree;\n  Word plain;\n  /// SHA-256 of coefficients, limb after limb.")
    print("  const char *c0, *c1, *product;\n};\n")
    print("inline constexpr BfvAnswer kBfvAnswers[] = {")
    sets = [
        (4096, primes_of(37, 4096, 1) + primes_of(36, 4096, 2), 65537),
        (8192, primes_of(44, 8192, 3) + primes_of(43, 8192, 2), 1 << 36),
    ]
    for n, primes, t in sets:
        n, t, _, c0, c1, product = answer(n, primes, t)
        print(f'    {{{n}, {t}, "{c0}",\n     "{c1}",\n     "{product}"}},')
    print("};\n\n}  // namespace tacit::he")


if __name__ == "__main__":
    main()
