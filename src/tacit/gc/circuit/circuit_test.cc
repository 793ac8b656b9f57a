#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/activation.h"
#include "tacit/gc/circuit/arithmetic.h"

namespace tacit::gc {
namespace {

using Reference = std::function<Word(std::span<const Word>)>;

Word mask(std::size_t bits) { return bits >= 64 ? ~Word{0} : (Word{1} << bits) - 1; }
std::int64_t signed_of(Word x, std::size_t bits) {
  return static_cast<std::int64_t>(x << (64 - bits)) >> (64 - bits);
}

/// 64 random and edge cases at once, against arithmetic on words.
void check(const Circuit& circuit, const std::vector<std::size_t>& widths, Word below,
           const Reference& reference) {
  std::mt19937_64 rng(23);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<Word>> cases(64);
    std::vector<Word> in(circuit.inputs, 0);
    for (std::size_t k = 0; k < 64; ++k) {
      std::size_t wire = 0;
      for (std::size_t width : widths) {
        const Word top = below == 0 ? mask(width) : below - 1;
        const Word edges[] = {0, 1, top, top / 2, top / 2 + 1, top - (top > 0)};
        const Word x = rng() % 3 == 0 ? edges[rng() % 6] : below == 0 ? rng() & top : rng() % below;
        cases[k].push_back(x);
        for (std::size_t i = 0; i < width; ++i) in[wire++] |= (x >> i & 1) << k;
      }
    }
    const std::vector<Word> out = evaluate(circuit, in);
    for (std::size_t k = 0; k < 64; ++k) {
      Word got = 0;
      for (std::size_t i = 0; i < out.size(); ++i) got |= (out[i] >> k & 1) << i;
      ASSERT_EQ(got, reference(cases[k]) & mask(out.size())) << "case " << k;
    }
  }
}

/// Of two numbers of n bits.
void check_two(std::size_t n, std::size_t ands,
               const std::function<Bits(Builder&, const Bits&, const Bits&)>& build,
               const std::function<Word(Word, Word)>& reference) {
  Builder c;
  const Bits a = c.inputs(n), b = c.inputs(n);
  const Circuit circuit = c.finish(build(c, a, b));
  EXPECT_EQ(circuit.ands(), ands) << n;
  check(circuit, {n, n}, 0, [&](std::span<const Word> x) { return reference(x[0], x[1]); });
}
void check_one(std::size_t n, std::size_t ands, const std::function<Bits(Builder&, const Bits&)>& build,
               const std::function<Word(Word)>& reference) {
  Builder c;
  const Bits a = c.inputs(n);
  const Circuit circuit = c.finish(build(c, a));
  EXPECT_EQ(circuit.ands(), ands) << n;
  check(circuit, {n}, 0, [&](std::span<const Word> x) { return reference(x[0]); });
}

TEST(Arithmetic, IsThatOfWordsAtItsDeclaredCost) {
  for (std::size_t n : {2, 3, 8, 32, 41, 63}) {
    auto sign = [n](Word x) { return signed_of(x, n); };
    check_two(
        n, n - 1, [](Builder& c, const Bits& a, const Bits& b) { return add(c, a, b); },
        [](Word a, Word b) { return a + b; });
    check_two(n, n, add_wide, [](Word a, Word b) { return a + b; });
    check_two(n, n - 1, subtract, [](Word a, Word b) { return a - b; });
    check_two(
        n, n, [](Builder& c, const Bits& a, const Bits& b) { return Bits{less(c, a, b)}; },
        [](Word a, Word b) { return Word{a < b}; });
    check_two(
        n, n, [](Builder& c, const Bits& a, const Bits& b) { return Bits{less_signed(c, a, b)}; },
        [&](Word a, Word b) { return Word{sign(a) < sign(b)}; });
    check_two(
        n, n - 1, [](Builder& c, const Bits& a, const Bits& b) { return Bits{equal(c, a, b)}; },
        [](Word a, Word b) { return Word{a == b}; });
    check_two(n, 2 * n, larger, [&](Word a, Word b) { return sign(a) < sign(b) ? b : a; });
    check_one(n, n - 2, negate, [](Word a) { return 0 - a; });
    check_one(n, n - 1, relu, [&](Word a) { return sign(a) < 0 ? 0 : a; });
  }
}

TEST(Arithmetic, RoundsHalvesUp) {
  for (std::size_t n : {8, 32, 48})
    for (std::size_t by : {std::size_t{0}, std::size_t{1}, std::size_t{5}, n - 1})
      check_one(
          n, by == 0 ? 0 : n - by - 1, [&](Builder& c, const Bits& a) { return round_shift(c, a, by); },
          [&](Word a) {
            const std::int64_t x = signed_of(a, n);
            return static_cast<Word>(by == 0 ? x : (x + (std::int64_t{1} << (by - 1))) >> by);
          });
}

TEST(Arithmetic, ClipsAndChooses) {
  for (std::size_t n : {4, 16, 40}) {
    const std::int64_t low = -3, high = 5;
    Builder c;
    const Bits a = c.inputs(n);
    const Circuit circuit =
        c.finish(clip(c, a, constant(static_cast<Word>(low), n), constant(static_cast<Word>(high), n)));
    EXPECT_LE(circuit.ands(), 3 * n);
    check(circuit, {n}, 0, [&](std::span<const Word> x) {
      return static_cast<Word>(std::clamp(signed_of(x[0], n), low, high));
    });
  }
  for (std::size_t k : {1, 2, 3, 7, 10}) {
    const std::size_t n = 12;
    Builder c;
    std::vector<Bits> numbers;
    for (std::size_t i = 0; i < k; ++i) numbers.push_back(c.inputs(n));
    const Circuit circuit = c.finish(argmax(c, numbers));
    check(circuit, std::vector<std::size_t>(k, n), 0, [&](std::span<const Word> x) {
      std::size_t best = 0;
      for (std::size_t i = 1; i < k; ++i)
        if (signed_of(x[i], n) > signed_of(x[best], n)) best = i;
      return Word{best};
    });
  }
}

TEST(Arithmetic, ModuloAPrime) {
  for (Word p : {Word{3}, Word{65537}, Word{2199023190017}, Word{1} << 20}) {
    const auto n = static_cast<std::size_t>(std::bit_width(p - 1));
    for (bool plus : {true, false}) {
      Builder c;
      const Bits a = c.inputs(n), b = c.inputs(n);
      const Circuit circuit = c.finish(plus ? add_mod(c, a, b, p) : subtract_mod(c, a, b, p));
      EXPECT_LE(circuit.ands(), 4 * n + 3);
      check(circuit, {n, n}, p,
            [&](std::span<const Word> x) { return plus ? (x[0] + x[1]) % p : (x[0] + p - x[1]) % p; });
    }
  }
}

TEST(Arithmetic, ClipsBetweenAnyNumbers) {
  for (std::size_t n : {2, 9}) {
    Builder c;
    const Bits a = c.inputs(n), low = c.inputs(n), high = c.inputs(n);
    const Circuit circuit = c.finish(clip(c, a, low, high));
    EXPECT_EQ(circuit.ands(), 4 * n);
    check(circuit, {n, n, n}, 0, [&](std::span<const Word> x) {
      const std::int64_t l = signed_of(x[1], n), h = signed_of(x[2], n);
      const std::int64_t raised = std::max(signed_of(x[0], n), l);
      return static_cast<Word>(std::min(raised, h));
    });
  }
}

TEST(Arithmetic, ReluUpToABound) {
  for (std::size_t n : {2, 8, 20})
    for (Word top : {Word{0}, Word{1}, mask(n - 1) / 2, mask(n - 1)}) {
      Builder c;
      const Bits a = c.inputs(n);
      const Circuit circuit = c.finish(relu_to(c, a, top));
      EXPECT_LE(circuit.ands(), 2 * n - 1);
      check(circuit, {n}, 0, [&](std::span<const Word> x) {
        return static_cast<Word>(
            std::clamp<std::int64_t>(signed_of(x[0], n), 0, static_cast<std::int64_t>(top)));
      });
    }
}

TEST(Arithmetic, LargestOfAWindow) {
  for (std::size_t k : {1, 2, 4, 9}) {
    const std::size_t n = 7;
    Builder c;
    std::vector<Bits> numbers;
    for (std::size_t i = 0; i < k; ++i) numbers.push_back(c.inputs(n));
    const Circuit circuit = c.finish(maximum(c, numbers));
    EXPECT_EQ(circuit.ands(), (k - 1) * 2 * n);
    check(circuit, std::vector<std::size_t>(k, n), 0, [&](std::span<const Word> x) {
      std::int64_t best = signed_of(x[0], n);
      for (Word w : x) best = std::max(best, signed_of(w, n));
      return static_cast<Word>(best);
    });
  }
}

TEST(Arithmetic, PlacesOfTheLargest) {
  for (std::size_t m : {1, 2, 5, 9})
    for (std::size_t k = 1; k <= std::min<std::size_t>(m, 4); ++k) {
      const std::size_t n = 5, width = static_cast<std::size_t>(std::bit_width(m - 1));
      Builder c;
      std::vector<Bits> numbers;
      for (std::size_t i = 0; i < m; ++i) numbers.push_back(c.inputs(n));
      Bits out;
      for (const Bits& place : top_places(c, numbers, k)) out.insert(out.end(), place.begin(), place.end());
      const Circuit circuit = c.finish(out);
      EXPECT_LE(circuit.ands(), (m * k - k * (k + 1) / 2) * (2 * n + width + 1)) << m << " " << k;
      check(circuit, std::vector<std::size_t>(m, n), 0, [&](std::span<const Word> x) {
        std::vector<Word> order;
        for (Word i = 0; i < m; ++i) order.push_back(i);
        std::stable_sort(order.begin(), order.end(),
                         [&](Word i, Word j) { return signed_of(x[i], n) > signed_of(x[j], n); });
        Word places = 0;
        for (std::size_t i = 0; i < k; ++i) places |= order[i] << (width * i);
        return places;
      });
    }
}

TEST(Arithmetic, ShallowAtItsDeclaredCost) {
  for (std::size_t n : {1, 2, 3, 8, 13, 32, 41, 63}) {
    const auto log = static_cast<std::size_t>(std::bit_width(n - 1));
    auto two = [&](std::size_t ands, std::size_t depth,
                   const std::function<Bits(Builder&, const Bits&, const Bits&)>& build,
                   const std::function<Word(Word, Word)>& reference) {
      Builder c;
      const Bits a = c.inputs(n), b = c.inputs(n);
      const Circuit circuit = c.finish(build(c, a, b));
      EXPECT_LE(circuit.ands(), ands) << n;
      EXPECT_LE(circuit.depth(), depth) << n;
      check(circuit, {n, n}, 0, [&](std::span<const Word> x) { return reference(x[0], x[1]); });
    };
    two(
        n * (log + 1), log + 1, [](Builder& c, const Bits& a, const Bits& b) { return shallow_add(c, a, b); },
        [](Word a, Word b) { return a + b; });
    two(n * (log + 1), log + 1, shallow_subtract, [](Word a, Word b) { return a - b; });
    two(
        3 * n, log + 1, [](Builder& c, const Bits& a, const Bits& b) { return Bits{shallow_less(c, a, b)}; },
        [](Word a, Word b) { return Word{a < b}; });
    two(
        3 * n, log + 1,
        [](Builder& c, const Bits& a, const Bits& b) { return Bits{shallow_less_signed(c, a, b)}; },
        [&](Word a, Word b) { return Word{signed_of(a, n) < signed_of(b, n)}; });
  }
  Builder c;
  const Bits a = c.inputs(32), b = c.inputs(32);
  const Bit carry = a[5];
  const Circuit sum = c.finish(shallow_add(c, a, b, carry));
  EXPECT_EQ(sum.depth(), 6u);
  check(sum, {32, 32}, 0, [](std::span<const Word> x) { return x[0] + x[1] + (x[0] >> 5 & 1); });
  const Circuit exact = c.finish(shallow_add(c, c.inputs(32), c.inputs(32)));
  EXPECT_EQ(exact.ands(), 151u);  // ripple: 31, in depth 31
  EXPECT_EQ(exact.depth(), 6u);
}

TEST(Activation, IsReluOfTheRoundedValueUnderTheNextMask) {
  struct Widths {
    std::size_t bits, shift, next, ands;
  };
  for (const Widths w : {Widths{32, 12, 32, 81}, {32, 12, 20, 69}, {16, 0, 16, 45}, {8, 6, 8, 15}}) {
    Builder c;
    const Bits word = c.inputs(w.bits), hidden = c.inputs(w.bits), next = c.inputs(w.next);
    const Circuit circuit = c.finish(masked_relu(c, word, hidden, next, w.shift));
    EXPECT_EQ(circuit.ands(), w.ands);
    // The first number of a case is x itself, which the word follows from.
    check(circuit, {w.bits, w.bits, w.next}, 0, [&](std::span<const Word> in) {
      const Word x = in[0] - in[1];
      // in[0] has the half added already: taking it off again, x is what was masked.
      const Word half = w.shift == 0 ? 0 : Word{1} << (w.shift - 1);
      const Word opened = (in[0] - half) & mask(w.bits);
      EXPECT_EQ(activation_word(opened, w.bits, w.shift), in[0]);
      const std::int64_t rounded = signed_of((x & mask(w.bits)) >> w.shift, w.bits - w.shift);
      return static_cast<Word>(std::max<std::int64_t>(rounded, 0)) - in[2];
    });
  }
}

TEST(Builder, FoldsConstantsSharesGatesAndDropsWhatIsNotNeeded) {
  Builder c;
  const Bit a = c.input(), b = c.input();
  EXPECT_EQ(c.bit_and(a, true), a);
  EXPECT_EQ(c.bit_and(a, false), Bit(false));
  EXPECT_EQ(c.bit_xor(a, false), a);
  EXPECT_EQ(c.bit_xor(a, a), Bit(false));
  EXPECT_EQ(c.bit_xor(a, c.bit_not(a)), Bit(true));
  EXPECT_EQ(c.bit_and(a, c.bit_not(a)), Bit(false));
  EXPECT_EQ(c.bit_not(c.bit_not(a)), a);
  EXPECT_EQ(c.bit_and(a, b), c.bit_and(b, a));
  const Bit kept = c.bit_and(a, b);
  c.bit_and(kept, c.bit_xor(a, b));  // nobody asks for it
  const Circuit circuit = c.finish({kept, true, false, a});
  EXPECT_EQ(circuit.ands(), 1u);
  EXPECT_EQ(circuit.depth(), 1u);
  const std::vector<Word> out = evaluate(circuit, std::vector<Word>{0b1100, 0b1010});
  EXPECT_EQ(out[0] & 15, 0b1000u);
  EXPECT_EQ(out[1], ~Word{0});
  EXPECT_EQ(out[2], 0u);
  EXPECT_EQ(out[3] & 15, 0b1100u);
  EXPECT_THROW(Builder().finish({true}), UsageError);
}

}  // namespace
}  // namespace tacit::gc
