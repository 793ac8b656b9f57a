#include "tacit/gc/testing/aes_circuit.h"

#include <array>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/builder.h"

namespace tacit::gc::testing {

namespace {

// The tower: w^2 = w + 1 over GF(2), z^2 = z + w over GF(4), y^2 = y + M over GF(16); an element's upper half
// of bits is the coefficient of the newest root. The same arithmetic serves bits of a circuit, and plain bits
// for finding M and the way from AES's own representation.
struct Field {
  Builder* c;  ///< none for plain bits, which are then constants

  Bit add(Bit a, Bit b) const { return c != nullptr ? c->bit_xor(a, b) : Bit(a.value() != b.value()); }
  Bit times(Bit a, Bit b) const { return c != nullptr ? c->bit_and(a, b) : Bit(a.value() && b.value()); }
  Bits add(const Bits& a, const Bits& b) const {
    Bits out;
    for (std::size_t i = 0; i < a.size(); ++i) out.push_back(add(a[i], b[i]));
    return out;
  }
  static Bits half(const Bits& a, bool upper) {
    const auto middle = a.begin() + static_cast<std::ptrdiff_t>(a.size() / 2);
    return upper ? Bits(middle, a.end()) : Bits(a.begin(), middle);
  }
  static Bits joined(Bits low, const Bits& high) {
    low.insert(low.end(), high.begin(), high.end());
    return low;
  }
  /// The constant whose product stands in for the root's square: 1, w, M.
  Bits constant_of(std::size_t bits) const {
    Bits out(bits, false);
    if (bits == 1) out[0] = true;
    if (bits == 2) out[1] = true;
    if (bits == 4) out[3] = true;
    return out;
  }
  /// Karatsuba: three products of halves.
  Bits times(const Bits& a, const Bits& b) const {
    if (a.size() == 1) return {times(a[0], b[0])};
    const Bits a0 = half(a, false), a1 = half(a, true), b0 = half(b, false), b1 = half(b, true);
    const Bits low = times(a0, b0), high = times(a1, b1), all = times(add(a0, a1), add(b0, b1));
    return joined(add(low, times(high, constant_of(a0.size()))), add(all, low));
  }
  Bits squared(const Bits& a) const {
    if (a.size() == 1) return a;
    const Bits s0 = squared(half(a, false)), s1 = squared(half(a, true));
    return joined(add(s0, times(s1, constant_of(s0.size()))), s1);
  }
  Bits inverse(const Bits& a) const {
    if (a.size() == 1) return a;
    if (a.size() == 2) return squared(a);
    const Bits a0 = half(a, false), a1 = half(a, true);
    const Bits norm = add(add(times(squared(a1), constant_of(a0.size())), times(a1, a0)), squared(a0));
    const Bits n = inverse(norm);
    return joined(times(n, add(a0, a1)), times(n, a1));
  }
};

using Matrix = std::array<unsigned, 8>;  ///< column i: what bit i becomes

Bits bits_of(unsigned x) {
  Bits out;
  for (int i = 0; i < 8; ++i) out.push_back(Bit((x >> i & 1) != 0));
  return out;
}
unsigned number_of(const Bits& b) {
  unsigned x = 0;
  for (std::size_t i = 0; i < b.size(); ++i) x |= (b[i].value() ? 1u : 0u) << i;
  return x;
}

/// From AES's bits to the tower's: powers of a root of x^8 + x^4 + x^3 + x + 1.
Matrix to_tower() {
  const Field f{nullptr};
  for (unsigned root = 2; root < 256; ++root) {
    Matrix powers{1};
    for (std::size_t i = 1; i < 8; ++i) powers[i] = number_of(f.times(bits_of(powers[i - 1]), bits_of(root)));
    const unsigned eighth = number_of(f.times(bits_of(powers[7]), bits_of(root)));
    if (eighth == (powers[4] ^ powers[3] ^ powers[1] ^ powers[0])) return powers;
  }
  ensure(false, "the field has a root of every irreducible polynomial");
  return {};
}
Matrix inverted(const Matrix& m) {
  Matrix out{};
  for (unsigned x = 0; x < 256; ++x) {
    unsigned y = 0;
    for (std::size_t i = 0; i < 8; ++i)
      if (x >> i & 1) y ^= m[i];
    if (std::has_single_bit(y)) out[static_cast<std::size_t>(std::countr_zero(y))] = x;
  }
  return out;
}
Bits apply(Builder& c, const Matrix& m, const Bits& a) {
  Bits out(8, false);
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < 8; ++j)
      if (m[i] >> j & 1) out[j] = c.bit_xor(out[j], a[i]);
  return out;
}

Bits s_box(Builder& c, const Bits& a) {
  const Matrix there = to_tower(), back = inverted(there);
  const Bits x = apply(c, back, Field{&c}.inverse(apply(c, there, a)));
  Bits out;
  for (std::size_t i = 0; i < 8; ++i) {
    Bit sum = Bit((0x63 >> i & 1) != 0);
    for (std::size_t r : {0, 4, 5, 6, 7}) sum = c.bit_xor(sum, x[(i + r) % 8]);
    out.push_back(sum);
  }
  return out;
}

Bits sum(Builder& c, const Bits& a, const Bits& b) { return Field{&c}.add(a, b); }
Bits doubled(Builder& c, const Bits& a) {
  Bits out{a[7]};
  for (std::size_t i = 1; i < 8; ++i)
    out.push_back(i == 1 || i == 3 || i == 4 ? c.bit_xor(a[i - 1], a[7]) : a[i - 1]);
  return out;
}

using State = std::array<Bits, 16>;  ///< column after column

void next_key(Builder& c, State& key, unsigned round_constant) {
  for (std::size_t i = 0; i < 4; ++i) {
    Bits last = s_box(c, key[12 + (i + 1) % 4]);
    if (i == 0) last = sum(c, last, bits_of(round_constant));
    key[i] = sum(c, key[i], last);
  }
  for (std::size_t i = 4; i < 16; ++i) key[i] = sum(c, key[i], key[i - 4]);
}
void substitute_and_shift(Builder& c, State& s) {
  const State old = s;
  for (std::size_t column = 0; column < 4; ++column)
    for (std::size_t row = 0; row < 4; ++row)
      s[4 * column + row] = s_box(c, old[4 * ((column + row) % 4) + row]);
}
void mix(Builder& c, State& s) {
  for (std::size_t column = 0; column < 16; column += 4) {
    const State old = s;
    auto at = [&](std::size_t i) { return old[column + i % 4]; };
    for (std::size_t i = 0; i < 4; ++i)
      s[column + i] =
          sum(c, sum(c, doubled(c, sum(c, at(i), at(i + 1))), at(i + 1)), sum(c, at(i + 2), at(i + 3)));
  }
}

}  // namespace

Circuit aes128_circuit() {
  Builder c;
  State key, s;
  for (Bits& b : key) b = c.inputs(8);
  for (Bits& b : s) b = c.inputs(8);
  for (std::size_t i = 0; i < 16; ++i) s[i] = sum(c, s[i], key[i]);
  unsigned round_constant = 1;
  for (int round = 1; round <= 10; ++round) {
    substitute_and_shift(c, s);
    if (round < 10) mix(c, s);
    next_key(c, key, round_constant);
    round_constant = round_constant << 1 ^ (round_constant >> 7) * 0x11b;
    for (std::size_t i = 0; i < 16; ++i) s[i] = sum(c, s[i], key[i]);
  }
  Bits out;
  for (const Bits& b : s) out.insert(out.end(), b.begin(), b.end());
  return c.finish(out);
}

}  // namespace tacit::gc::testing
