// The transform on doubles, for primes below 2^50. Included by ntt.isa.cc, which is compiled once for each
// instruction set; nothing here may be shared between those compilations.
//
// Numbers are integers in a few multiples of (-q, q). A product v·w, |w| < q/2, is reduced as
//   h = fl(v·w), l = v·w - h, k = round(v·(w/q)), r = (h - k·q) + l,
// all exact but k, which is off by at most 1/2 + 2^-52·|v·w/q| as long as |v·w/q| < 2^51.
//  - Below 2^50: |r| < q for |v| <= 4q. A pass takes |x| <= 2.3q, and reduces what is not multiplied.
//  - Below 2^44 (kLazy): |r| < 0.75q for |v| < 2^51, which is more than 128q, so that no pass of the forward
//    transform reduces anything: sums grow by at most 0.75q a layer, from 75q (small coefficients, whose
//    first layers are sums of exact products) to 84q in 12 more layers. The inverse, where sums double a
//    layer, reduces in every other pass.
// A butterfly is four products and four sums, of which processors do two each at once: that bounds the
// speed, at two cycles for every four (or eight) butterflies and no load or store counted.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <type_traits>

#include "tacit/he/poly/kernels/ntt_kernels.h"
#include "tacit/he/poly/kernels/vectors.h"

// Butterflies work on registers only if they are part of the loop around them; and that loop only if it is a
// function for itself, or the compiler runs out of registers.
#define TACIT_INLINE [[gnu::always_inline]] inline
#define TACIT_LOOP [[gnu::noinline]]

namespace tacit::TACIT_ISA {
namespace {

constexpr double kRound = 0x1.8p52;  // x + kRound - kRound is x rounded to an integer, for |x| <= 2^51

template <class V>
struct Real {
  V q, q_inverse, round, half, raise;
  explicit Real(Word modulus)
      : q(V::all(static_cast<double>(modulus))),
        q_inverse(V::all(1 / static_cast<double>(modulus))),
        round(V::all(kRound)),
        half(V::all(static_cast<double>((modulus - 1) / 2))),
        raise(V::all(0x1p52)) {}

  /// See the head of this file.
  TACIT_INLINE V times(V v, V w, V w_over_q) const {
    const V h = v * w, l = fms(v, w, h), k = fma(v, w_over_q, round) - round;
    return fnma(k, q, h) + l;
  }
  /// Of w in [0, q), and v as times() takes it; |result| < q.
  TACIT_INLINE V product(V v, V w) const {
    const V h = v * w, l = fms(v, w, h), k = fma(h, q_inverse, round) - round;
    return fnma(k, q, h) + l;
  }
  /// x mod q in [-q/2, q/2], or a little outside.
  TACIT_INLINE V reduce(V x) const { return fnma(fma(x, q_inverse, round) - round, q, x); }
  /// From (-q, q) to [0, q).
  TACIT_INLINE V positive(V x) const { return x + where_negative(x, q); }
  /// The bits of the word x mod q, for |x| + q/2 < 2^52. (x - (q-1)/2)/q is at least 1/2q away from where
  /// rounding turns, which is more than the quotient errs by: so k is floor(x/q).
  TACIT_INLINE V word(V x) const {
    const V k = fma(x - half, q_inverse, round) - round;
    return fnma(k, q, x + raise).lowered();
  }
};

/// A root, and its quotient by q.
template <class V>
struct Root {
  V w, over_q;
  Root(V root, V quotient) : w(root), over_q(quotient) {}
  Root(const Real<V>& field, V root) : w(root), over_q(root * field.q_inverse) {}
  Root(const double* roots, const double* quotients, size_t i)
      : w(V::all(roots[i])), over_q(V::all(quotients[i])) {}
};

/// Two layers at once, of groups that lie 2h and h apart.
template <bool kLazy, class V>
TACIT_INLINE void forward4(const Real<V>& f, V x[4], const Root<V>& w1, const Root<V>& w2,
                           const Root<V>& w3) {
  const V c = f.times(x[2], w1.w, w1.over_q), d = f.times(x[3], w1.w, w1.over_q);
  const V a = kLazy ? x[0] : f.reduce(x[0]), a1 = a + c, c1 = a - c;
  const V b1 = f.times(x[1] + d, w2.w, w2.over_q), d1 = f.times(x[1] - d, w3.w, w3.over_q);
  x[0] = a1 + b1;
  x[1] = a1 - b1;
  x[2] = c1 + d1;
  x[3] = c1 - d1;
}
/// The reverse. `reduce` says whether a lazy one reduces its first sum.
template <bool kLazy, class V>
TACIT_INLINE void inverse4(const Real<V>& f, V x[4], const Root<V>& w1, const Root<V>& w2, const Root<V>& w3,
                           bool reduce) {
  const V a = x[0] + x[1], b = f.times(x[0] - x[1], w2.w, w2.over_q);
  const V c = x[2] + x[3], d = f.times(x[2] - x[3], w3.w, w3.over_q);
  x[0] = !kLazy || reduce ? f.reduce(a + c) : a + c;
  x[1] = kLazy ? b + d : f.reduce(b + d);
  x[2] = f.times(a - c, w1.w, w1.over_q);
  x[3] = f.times(b - d, w1.w, w1.over_q);
}

// Four registers from places that lie h apart, and back: written out, since loops over arrays of registers go
// through memory.
template <class V>
TACIT_INLINE void load4(V v[4], const double* x, size_t h) {
  v[0] = V::load(x), v[1] = V::load(x + h), v[2] = V::load(x + 2 * h), v[3] = V::load(x + 3 * h);
}
template <class V>
TACIT_INLINE void store4(const V v[4], double* x, size_t h) {
  v[0].store(x), v[1].store(x + h), v[2].store(x + 2 * h), v[3].store(x + 3 * h);
}

TACIT_INLINE void load_words(Four v[4], const Word* x) {
  v[0] = Four::from_words(x), v[1] = Four::from_words(x + 4);
  v[2] = Four::from_words(x + 8), v[3] = Four::from_words(x + 12);
}

// Where a forward transform's input comes from, as numbers at place j.
struct FromWords {
  const Word* words;
  template <class V>
  TACIT_INLINE V get(const Real<V>&, size_t j) const {
    return V::from_words(words + j);
  }
};
struct FromBytes {
  const int8_t* bytes;
  template <class V>
  TACIT_INLINE V get(const Real<V>&, size_t j) const {
    return V::from_bytes(bytes + j);
  }
};
/// bytes + factor·numbers, of signed numbers.
struct FromScaled {
  const int8_t* bytes;
  const Word* numbers;
  double factor, factor_over_q;
  template <class V>
  TACIT_INLINE V get(const Real<V>& f, size_t j) const {
    return f.times(V::from_signed(numbers + j), V::all(factor), V::all(factor_over_q)) +
           V::from_bytes(bytes + j);
  }
};

// What becomes of a forward transform's values at places j to j + 3.
struct ToLoose {
  double* out;
  TACIT_INLINE void put(const Real<Four>&, Four x, size_t j) const { x.store(out + j); }
};
struct ToWords {
  double* out;
  TACIT_INLINE void put(const Real<Four>& f, Four x, size_t j) const { f.word(x).store(out + j); }
};
/// The value and a·b, with b as ToLoose leaves it.
template <bool kLazy>
struct ToSum {
  const Word* a;
  const double* b;
  double* out;
  TACIT_INLINE void put(const Real<Four>& f, Four x, size_t j) const {
    const Four v = Four::load(b + j);
    f.word(f.product(kLazy ? v : f.reduce(v), Four::from_words(a + j)) + x).store(out + j);
  }
};

/// The passes over one transform. Groups are taken four by four, one or more lanes' width at a time, down to
/// 16 numbers, whose last two layers are done across registers.
template <bool kLazy>
class Passes {
 public:
  explicit Passes(const he::NttView& t) : t_(t), wide_(t.q), four_(t.q) {}

  /// `work` holds what is between the first pass and the last.
  template <class From, class To>
  void forward(const From& from, double* work, const To& to) const {
    const bool odd = (__builtin_ctzll(t_.n) & 1) != 0;
    if constexpr (kLazy && std::is_same_v<From, FromBytes>) {
      if (odd)
        small8(from.bytes, work);
      else
        small4(from.bytes, work);
    } else if (odd) {
      first8(from, work);
    } else {
      first4(from, work);
    }
    const size_t m = odd ? 8 : 4;
    for (size_t i = 0; i < m; ++i) group_forward(work, m, i, t_.n / m, to);
  }

  void inverse(Word* words) const {
    auto* x = reinterpret_cast<double*>(words);
    const bool odd = (__builtin_ctzll(t_.n) & 1) != 0;
    const size_t m = odd ? 8 : 4;
    for (size_t i = 0; i < m; ++i) group_inverse(x, m, i, t_.n / m);
    if (odd)
      last8(x);
    else
      last4(x);
  }

 private:
  using Wide = Widest;  // of registers

  // After the first two (or three) layers, group k holds the polynomial modulo X^h - r, where -r is group
  // k + 1's for even k; so it is sum x_i r^i, of small x_i: exact, if the sum is below 2^52.
  TACIT_LOOP void small4(const int8_t* from, double* x) const {
    const size_t h = t_.n / 4;
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      const int8_t* p = from + j;
      const Wide x0 = Wide::from_bytes(p), x1 = Wide::from_bytes(p + h), x2 = Wide::from_bytes(p + 2 * h),
                 x3 = Wide::from_bytes(p + 3 * h);
      for (size_t k = 0; k < 2; ++k) {
        const double* r = t_.real_small_roots + 3 * k;
        const Wide even = fma(x2, Wide::all(r[1]), x0);
        const Wide odd = fma(x3, Wide::all(r[2]), x1 * Wide::all(r[0]));
        (even + odd).store(x + j + 2 * k * h);
        (even - odd).store(x + j + (2 * k + 1) * h);
      }
    }
  }
  TACIT_LOOP void small8(const int8_t* from, double* x) const {
    const size_t h = t_.n / 8;
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      const int8_t* p = from + j;
      const Wide x0 = Wide::from_bytes(p), x1 = Wide::from_bytes(p + h), x2 = Wide::from_bytes(p + 2 * h),
                 x3 = Wide::from_bytes(p + 3 * h), x4 = Wide::from_bytes(p + 4 * h),
                 x5 = Wide::from_bytes(p + 5 * h), x6 = Wide::from_bytes(p + 6 * h),
                 x7 = Wide::from_bytes(p + 7 * h);
      for (size_t k = 0; k < 4; ++k) {
        const double* r = t_.real_small_roots + 7 * k;
        const Wide even = fma(x2, Wide::all(r[1]), fma(x4, Wide::all(r[3]), fma(x6, Wide::all(r[5]), x0)));
        const Wide odd =
            fma(x3, Wide::all(r[2]), x1 * Wide::all(r[0])) + fma(x7, Wide::all(r[6]), x5 * Wide::all(r[4]));
        (even + odd).store(x + j + 2 * k * h);
        (even - odd).store(x + j + (2 * k + 1) * h);
      }
    }
  }
  template <class From>
  TACIT_LOOP void first4(const From& from, double* x) const {
    const size_t h = t_.n / 4;
    const Root<Wide> w1 = forward_root(1), w2 = forward_root(2), w3 = forward_root(3);
    const Real<Wide> f = wide_;
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      Wide v[4] = {from.get(f, j), from.get(f, j + h), from.get(f, j + 2 * h), from.get(f, j + 3 * h)};
      forward4<kLazy>(f, v, w1, w2, w3);
      store4(v, x + j, h);
    }
  }
  template <class From>
  TACIT_LOOP void first8(const From& from, double* x) const {
    const size_t h = t_.n / 8;
    const Real<Wide> f = wide_;
    const Root<Wide> w1 = forward_root(1), w2 = forward_root(2), w3 = forward_root(3), w4 = forward_root(4),
                     w5 = forward_root(5), w6 = forward_root(6), w7 = forward_root(7);
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      const Wide a = from.get(f, j), b = from.get(f, j + h);
      const Wide c = from.get(f, j + 2 * h), d = from.get(f, j + 3 * h);
      const Wide a1 = f.times(from.get(f, j + 4 * h), w1.w, w1.over_q);
      const Wide b1 = f.times(from.get(f, j + 5 * h), w1.w, w1.over_q);
      const Wide c1 = f.times(from.get(f, j + 6 * h), w1.w, w1.over_q);
      const Wide d1 = f.times(from.get(f, j + 7 * h), w1.w, w1.over_q);
      Wide v[4] = {a + a1, b + b1, c + c1, d + d1};
      Wide w[4] = {a - a1, b - b1, c - c1, d - d1};
      forward4<kLazy>(f, v, w2, w4, w5);
      store4(v, x + j, h);
      forward4<kLazy>(f, w, w3, w6, w7);
      store4(w, x + j + 4 * h, h);
    }
  }

  Root<Wide> forward_root(size_t i) const { return {t_.real_roots, t_.real_roots_over_q, i}; }
  Root<Wide> inverse_root(size_t i) const { return {t_.real_inverse_roots, t_.real_inverse_roots_over_q, i}; }

  TACIT_LOOP void pass_forward(double* x, size_t m, size_t i, size_t size) const {
    const size_t h = size / 4;
    const Root<Wide> w1 = forward_root(m + i), w2 = forward_root(2 * (m + i)),
                     w3 = forward_root(2 * (m + i) + 1);
    const Real<Wide> f = wide_;  // a copy: the compiler cannot know that the stores leave it alone
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      Wide v[4];
      load4(v, x + j, h);
      forward4<kLazy>(f, v, w1, w2, w3);
      store4(v, x + j, h);
    }
  }
  /// Group i of m, to the end: depth first, until all layers that are left stay in the nearest cache; then
  /// layer after layer, so that what follows one another is independent.
  template <class To>
  void group_forward(double* x, size_t m, size_t i, size_t size, const To& to) const {
    if (size > kNear) {
      pass_forward(x + i * size, m, i, size);
      for (size_t k = 0; k < 4; ++k) group_forward(x, 4 * m, 4 * i + k, size / 4, to);
      return;
    }
    size_t first = i, groups = 1;
    for (; size > 16; size /= 4, m *= 4, first *= 4, groups *= 4)
      for (size_t g = first; g < first + groups; ++g) pass_forward(x + g * size, m, g, size);
    fours_forward(x, m, first, groups);
    ones_forward(x, first, groups, to);
  }
  /// Sixteens of numbers, from the first on: the layers between fours.
  TACIT_LOOP void fours_forward(double* x, size_t m, size_t first, size_t count) const {
    const double *roots = t_.real_roots, *over_q = t_.real_roots_over_q;
    const Real<Four> f = four_;
    for (size_t g = first; g < first + count; ++g) {
      const size_t r = m + g;
      Four v[4];
      load4(v, x + 16 * g, 4);
      forward4<kLazy>(f, v, Root<Four>(roots, over_q, r), Root<Four>(roots, over_q, 2 * r),
                      Root<Four>(roots, over_q, 2 * r + 1));
      store4(v, x + 16 * g, 4);
    }
  }
  /// The same: the layers within fours.
  template <class To>
  TACIT_LOOP void ones_forward(const double* x, size_t first, size_t count, To to) const {
    const double* r = t_.real_last_roots + 12 * first;
    const Real<Four> f = four_;
    for (size_t j = 16 * first; j < 16 * (first + count); j += 16, r += 12) {
      Four v[4];
      load_transposed(v, x + j);
      forward4<kLazy>(f, v, Root<Four>(f, Four::load(r)), Root<Four>(f, Four::load(r + 4)),
                      Root<Four>(f, Four::load(r + 8)));
      transpose(v);
      to.put(f, v[0], j), to.put(f, v[1], j + 4), to.put(f, v[2], j + 8), to.put(f, v[3], j + 12);
    }
  }

  /// The reverse of group_forward.
  void group_inverse(double* x, size_t m, size_t i, size_t size) const {
    if (size > kNear) {
      for (size_t k = 0; k < 4; ++k) group_inverse(x, 4 * m, 4 * i + k, size / 4);
      return pass_inverse(x + i * size, m, i, size);
    }
    const size_t sixteens = size / 16, first = i * sixteens;
    ones_inverse(x, first, sixteens);
    fours_inverse(x, m * sixteens, first, sixteens);
    for (size_t now = 64, groups = sixteens / 4; groups > 0; now *= 4, groups /= 4)
      for (size_t g = i * groups; g < (i + 1) * groups; ++g) pass_inverse(x + g * now, m * groups, g, now);
  }
  /// Lazily, |x| <= 1.6q after fours, 6.4q after groups of 64, and so on in turn.
  static bool reduces(size_t size) { return (__builtin_ctzll(size) / 2) % 2 == 0; }
  void pass_inverse(double* x, size_t m, size_t i, size_t size) const {
    if (reduces(size))
      pass_inverse<true>(x, m, i, size);
    else
      pass_inverse<false>(x, m, i, size);
  }
  template <bool kReduce>
  TACIT_LOOP void pass_inverse(double* x, size_t m, size_t i, size_t size) const {
    const size_t h = size / 4;
    const Root<Wide> w1 = inverse_root(m + i), w2 = inverse_root(2 * (m + i)),
                     w3 = inverse_root(2 * (m + i) + 1);
    const Real<Wide> f = wide_;
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      Wide v[4];
      load4(v, x + j, h);
      inverse4<kLazy>(f, v, w1, w2, w3, kReduce);
      store4(v, x + j, h);
    }
  }
  TACIT_LOOP void ones_inverse(double* x, size_t first, size_t count) const {
    const double* r = t_.real_last_inverse_roots + 12 * first;
    const Real<Four> f = four_;
    for (size_t j = 16 * first; j < 16 * (first + count); j += 16, r += 12) {
      Four v[4];
      load_words(v, reinterpret_cast<const Word*>(x) + j);
      transpose(v);
      inverse4<kLazy>(f, v, Root<Four>(f, Four::load(r)), Root<Four>(f, Four::load(r + 4)),
                      Root<Four>(f, Four::load(r + 8)), false);
      transpose(v);
      store4(v, x + j, 4);
    }
  }
  TACIT_LOOP void fours_inverse(double* x, size_t m, size_t first, size_t count) const {
    const double *roots = t_.real_inverse_roots, *over_q = t_.real_inverse_roots_over_q;
    const Real<Four> f = four_;
    for (size_t g = first; g < first + count; ++g) {
      const size_t r = m + g;
      Four v[4];
      load4(v, x + 16 * g, 4);
      inverse4<kLazy>(f, v, Root<Four>(roots, over_q, r), Root<Four>(roots, over_q, 2 * r),
                      Root<Four>(roots, over_q, 2 * r + 1), true);
      store4(v, x + 16 * g, 4);
    }
  }

  // The last passes also divide by n: sums are multiplied by 1/n, differences by root/n.
  double balanced(Word x) const {
    return x > t_.q / 2 ? -static_cast<double>(t_.q - x) : static_cast<double>(x);
  }
  Root<Wide> end() const { return {wide_, Wide::all(balanced(t_.inverse_n))}; }
  Root<Wide> scaled(size_t i) const {
    const Root<Wide> by = end();
    return {wide_, wide_.reduce(wide_.times(Wide::all(t_.real_inverse_roots[i]), by.w, by.over_q))};
  }
  TACIT_LOOP void last4(double* x) const {
    const size_t h = t_.n / 4;
    const Root<Wide> n = end(), w1 = scaled(1), w2 = inverse_root(2), w3 = inverse_root(3);
    const Real<Wide> f = wide_;
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      Wide v[4];
      load4(v, x + j, h);
      const Wide a = v[0] + v[1], b = f.times(v[0] - v[1], w2.w, w2.over_q);
      const Wide c = v[2] + v[3], d = f.times(v[2] - v[3], w3.w, w3.over_q);
      v[0] = f.word(f.times(a + c, n.w, n.over_q)), v[1] = f.word(f.times(b + d, n.w, n.over_q));
      v[2] = f.word(f.times(a - c, w1.w, w1.over_q)), v[3] = f.word(f.times(b - d, w1.w, w1.over_q));
      store4(v, x + j, h);
    }
  }
  TACIT_LOOP void last8(double* x) const {
    const size_t h = t_.n / 8;
    const Root<Wide> n = end(), w1 = scaled(1), w2 = inverse_root(2), w3 = inverse_root(3),
                     w4 = inverse_root(4), w5 = inverse_root(5), w6 = inverse_root(6), w7 = inverse_root(7);
    const Real<Wide> f = wide_;
    auto sums = [&](Wide a, Wide b) { return f.word(f.times(a + b, n.w, n.over_q)); };
    auto differences = [&](Wide a, Wide b) { return f.word(f.times(a - b, w1.w, w1.over_q)); };
    for (size_t j = 0; j < h; j += Wide::kLanes) {
      Wide v[4], w[4];
      load4(v, x + j, h);
      inverse4<kLazy>(f, v, w2, w4, w5, true);
      load4(w, x + j + 4 * h, h);
      inverse4<kLazy>(f, w, w3, w6, w7, true);
      sums(v[0], w[0]).store(x + j), sums(v[1], w[1]).store(x + j + h);
      sums(v[2], w[2]).store(x + j + 2 * h), sums(v[3], w[3]).store(x + j + 3 * h);
      differences(v[0], w[0]).store(x + j + 4 * h), differences(v[1], w[1]).store(x + j + 5 * h);
      differences(v[2], w[2]).store(x + j + 6 * h), differences(v[3], w[3]).store(x + j + 7 * h);
    }
  }

  static constexpr size_t kNear = 1024;  // 8 KB
  const he::NttView& t_;
  Real<Wide> wide_;
  Real<Four> four_;
};

}  // namespace
}  // namespace tacit::TACIT_ISA
