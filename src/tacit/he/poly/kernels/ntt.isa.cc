// See ntt_kernels.h. Compiled once for each instruction set: butterflies on words for every prime, and, where
// there is fused multiply-add, on doubles for primes below 2^50.
//
// On doubles, numbers are integers in a few multiples of (-q, q). A product v·w, |w| < q/2, is reduced as
//   h = fl(v·w), l = v·w - h, k = round(v·(w/q)), r = (h - k·q) + l,
// all exact but k, which is off by at most 1/2 + 1.6·2^-52·|v·w/q|; so |r| < q for |v| <= 4q, which is what
// the passes below keep to.
#include <stddef.h>
#include <stdint.h>

#include "tacit/he/poly/kernels/ntt_kernels.h"
#include "tacit/he/poly/kernels/vectors.h"
#include "tacit/he/poly/wide.h"

namespace tacit::TACIT_ISA {
namespace {

using he::NttView;
using he::Wide;

// ---- words ------------------------------------------------------------------------------------------------

/// x below 2m becomes x mod m.
inline Word once(Word x, Word m) { return x - (m & (0 - static_cast<Word>(x >= m))); }
/// All ones where the top bit is 1. Words here are below 2^62, so that it tells which differences are
/// negative, in instructions that every vector unit has.
inline Word top(Word x) { return static_cast<Word>(static_cast<int64_t>(x) >> 63); }
inline Word once_signed(Word x, Word m) {
  const Word y = x - m;
  return y + (m & top(y));
}
/// v·w mod q, below 2q, for every v.
inline Word times(Word v, Word w, Word w_shoup, Word q) {
  const Word quotient = static_cast<Word>((static_cast<Wide>(v) * w_shoup) >> 64);
  return v * w - quotient * q;
}

void forward_words(const NttView& t, Word* x) {
  const Word q = t.q, q2 = 2 * q;
  for (size_t m = 1, h = t.n / 2; h > 0; m *= 2, h /= 2)
    for (size_t i = 0; i < m; ++i) {
      const Word w = t.roots[m + i], ws = t.roots_shoup[m + i];
      Word *a = x + 2 * i * h, *b = a + h;
      for (size_t j = 0; j < h; ++j) {
        const Word u = once(a[j], q2), v = times(b[j], w, ws, q);
        a[j] = u + v;
        b[j] = u + q2 - v;
      }
    }
  for (size_t i = 0; i < t.n; ++i) x[i] = once(once(x[i], q2), q);
}

void inverse_words(const NttView& t, Word* x) {
  const Word q = t.q, q2 = 2 * q;
  for (size_t m = t.n / 2, h = 1; m > 0; m /= 2, h *= 2)
    for (size_t i = 0; i < m; ++i) {
      const Word w = t.inverse_roots[m + i], ws = t.inverse_roots_shoup[m + i];
      Word *a = x + 2 * i * h, *b = a + h;
      for (size_t j = 0; j < h; ++j) {
        const Word u = a[j], v = b[j];
        a[j] = once(u + v, q2);
        b[j] = times(u + q2 - v, w, ws, q);
      }
    }
  for (size_t i = 0; i < t.n; ++i) x[i] = once(times(x[i], t.inverse_n, t.inverse_n_shoup, q), q);
}

void add(size_t n, Word q, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = once_signed(a[i] + b[i], q);
}
void subtract(size_t n, Word q, const Word* a, const Word* b, Word* out) {
  for (size_t i = 0; i < n; ++i) {
    const Word x = a[i] - b[i];
    out[i] = x + (q & top(x));
  }
}
void lift(size_t n, Word q, const int8_t* from, Word* out) {
  for (size_t i = 0; i < n; ++i) {
    const Word x = static_cast<Word>(static_cast<int64_t>(from[i]));
    out[i] = x + (q & top(x));
  }
}

/// a·b mod q by Barrett's method (modulus.h).
struct Barrett {
  Word q, inverse;
  unsigned bits;
  explicit Barrett(Word modulus) : q(modulus), bits(64 - static_cast<unsigned>(__builtin_clzll(modulus))) {
    inverse = static_cast<Word>((static_cast<Wide>(1) << (2 * bits + 1)) / q);
  }
  Word product(Word a, Word b) const {
    const Wide x = static_cast<Wide>(a) * b;
    const Word quotient = static_cast<Word>(((x >> (bits - 1)) * inverse) >> (bits + 2));
    return once(once(static_cast<Word>(x) - quotient * q, 2 * q), q);
  }
};
void multiply_words(const NttView& t, const Word* a, const Word* b, Word* out) {
  const Barrett field(t.q);
  for (size_t i = 0; i < t.n; ++i) out[i] = field.product(a[i], b[i]);
}
void multiply_add_words(const NttView& t, const Word* a, const Word* b, Word* out) {
  const Barrett field(t.q);
  for (size_t i = 0; i < t.n; ++i) out[i] = once(out[i] + field.product(a[i], b[i]), t.q);
}

void scale_words(const NttView& t, const Word* a, Word factor, Word* out) {
  const Word shoup = static_cast<Word>((static_cast<Wide>(factor) << 64) / t.q);
  for (size_t i = 0; i < t.n; ++i) out[i] = once(times(a[i], factor, shoup, t.q), t.q);
}

#if !defined(TACIT_ISA_PORTABLE)

// ---- doubles ----------------------------------------------------------------------------------------------

constexpr double kRound = 0x1.8p52;  // x + kRound - kRound is x rounded to an integer, for |x| <= 2^51

template <class V>
struct Field {
  V q, q_inverse, round;
  explicit Field(Word modulus)
      : q(V::all(static_cast<double>(modulus))),
        q_inverse(V::all(1 / static_cast<double>(modulus))),
        round(V::all(kRound)) {}

  /// |result| < q; see the head of this file.
  V times(V v, V w, V w_over_q) const {
    const V h = v * w, l = fms(v, w, h), k = fma(v, w_over_q, round) - round;
    return fnma(k, q, h) + l;
  }
  /// x mod q in [-q/2, q/2], or a little outside.
  V reduce(V x) const { return fnma(fma(x, q_inverse, round) - round, q, x); }
  /// From (-q, q) to [0, q).
  V positive(V x) const { return x + where_negative(x, q); }
};

/// A root, and its quotient by q.
template <class V>
struct Root {
  V w, over_q;
  Root(const Field<V>& field, V root) : w(root), over_q(root * field.q_inverse) {}
};

/// Two layers at once, of groups that lie 2h and h apart. |inputs| <= 2.3q, and so are the outputs.
template <class V>
inline void forward4(const Field<V>& f, V x[4], const Root<V>& w1, const Root<V>& w2, const Root<V>& w3) {
  const V a = f.reduce(x[0]), c = f.times(x[2], w1.w, w1.over_q), d = f.times(x[3], w1.w, w1.over_q);
  const V a1 = a + c, c1 = a - c;
  const V b1 = f.times(x[1] + d, w2.w, w2.over_q), d1 = f.times(x[1] - d, w3.w, w3.over_q);
  x[0] = a1 + b1;
  x[1] = a1 - b1;
  x[2] = c1 + d1;
  x[3] = c1 - d1;
}
/// The reverse. |inputs| <= q, and so are the outputs; `end` is what the sums are multiplied by, if anything.
template <class V>
inline void inverse4(const Field<V>& f, V x[4], const Root<V>& w1, const Root<V>& w2, const Root<V>& w3,
                     const Root<V>* end = nullptr) {
  const V a = x[0] + x[1], b = f.times(x[0] - x[1], w2.w, w2.over_q);
  const V c = x[2] + x[3], d = f.times(x[2] - x[3], w3.w, w3.over_q);
  auto sum = [&](V s) { return end == nullptr ? f.reduce(s) : f.times(s, end->w, end->over_q); };
  x[0] = sum(a + c);
  x[1] = sum(b + d);
  x[2] = f.times(a - c, w1.w, w1.over_q);
  x[3] = f.times(b - d, w1.w, w1.over_q);
}

// Four registers from places that lie h apart, and back: written out, since loops over arrays of registers go
// through memory.
template <class V>
inline void load4(V v[4], const double* x, size_t h) {
  v[0] = V::load(x), v[1] = V::load(x + h), v[2] = V::load(x + 2 * h), v[3] = V::load(x + 3 * h);
}
template <class V>
inline void load4(V v[4], const Word* x, size_t h) {
  v[0] = V::from_words(x), v[1] = V::from_words(x + h);
  v[2] = V::from_words(x + 2 * h), v[3] = V::from_words(x + 3 * h);
}
template <class V>
inline void store4(const V v[4], double* x, size_t h) {
  v[0].store(x), v[1].store(x + h), v[2].store(x + 2 * h), v[3].store(x + 3 * h);
}
template <class V>
inline void store4(const V v[4], Word* x, size_t h) {
  v[0].to_words(x), v[1].to_words(x + h), v[2].to_words(x + 2 * h), v[3].to_words(x + 3 * h);
}
/// To [0, q), from what forward4 leaves.
template <class V>
inline void positive4(const Field<V>& f, V v[4]) {
  v[0] = f.positive(f.reduce(v[0])), v[1] = f.positive(f.reduce(v[1]));
  v[2] = f.positive(f.reduce(v[2])), v[3] = f.positive(f.reduce(v[3]));
}

/// The passes over one transform. A group of 4h numbers is taken by one or more lanes' width at a time down
/// to 16 numbers, whose four layers stay in registers.
class Passes {
 public:
  explicit Passes(const NttView& t) : t_(t), wide_(t.q), four_(t.q) {}

  void forward(Word* words) const {
    auto* x = reinterpret_cast<double*>(words);
    const bool odd = (__builtin_ctzll(t_.n) & 1) != 0;
    if (odd) {
      const size_t h = t_.n / 2;
      const Root<Widest> w = root<Widest>(t_.real_roots, 1);
      for (size_t j = 0; j < h; j += Widest::kLanes) {
        const Widest a = Widest::from_words(words + j);
        const Widest b = wide_.times(Widest::from_words(words + h + j), w.w, w.over_q);
        (a + b).store(x + j);
        (a - b).store(x + h + j);
      }
    } else {
      pass_forward<true>(words, 1, 0, t_.n);
    }
    const size_t m = odd ? 2 : 4;
    for (size_t i = 0; i < m; ++i) group_forward(words, m, i, t_.n / m);
  }

  void inverse(Word* words) const {
    auto* x = reinterpret_cast<double*>(words);
    const bool odd = (__builtin_ctzll(t_.n) & 1) != 0;
    const size_t m = odd ? 2 : 4;
    for (size_t i = 0; i < m; ++i) group_inverse(words, m, i, t_.n / m);
    const Root<Widest> end(wide_, Widest::all(balanced(t_.inverse_n)));
    if (odd) {
      const size_t h = t_.n / 2;
      const Root<Widest> w = scaled(t_.real_inverse_roots[1]);
      for (size_t j = 0; j < h; j += Widest::kLanes) {
        const Widest a = Widest::load(x + j), b = Widest::load(x + h + j);
        wide_.positive(wide_.times(a + b, end.w, end.over_q)).to_words(words + j);
        wide_.positive(wide_.times(a - b, w.w, w.over_q)).to_words(words + h + j);
      }
      return;
    }
    const size_t h = t_.n / 4;
    const Root<Widest> w1 = scaled(t_.real_inverse_roots[1]), w2 = root<Widest>(t_.real_inverse_roots, 2),
                       w3 = root<Widest>(t_.real_inverse_roots, 3);
    for (size_t j = 0; j < h; j += Widest::kLanes) {
      Widest v[4];
      load4(v, x + j, h);
      inverse4(wide_, v, w1, w2, w3, &end);
      v[0] = wide_.positive(v[0]), v[1] = wide_.positive(v[1]);
      v[2] = wide_.positive(v[2]), v[3] = wide_.positive(v[3]);
      store4(v, words + j, h);
    }
  }

 private:
  template <class V>
  Root<V> root(const double* roots, size_t i) const {
    if constexpr (V::kLanes == Widest::kLanes)
      return {wide_, V::all(roots[i])};
    else
      return {four_, V::all(roots[i])};
  }
  double balanced(Word x) const {
    return x > t_.q / 2 ? -static_cast<double>(t_.q - x) : static_cast<double>(x);
  }
  /// root/n mod q.
  Root<Widest> scaled(double w) const {
    const Root<Widest> by(wide_, Widest::all(balanced(t_.inverse_n)));
    return {wide_, wide_.reduce(wide_.times(Widest::all(w), by.w, by.over_q))};
  }

  template <bool kFirst>
  void pass_forward(Word* words, size_t m, size_t i, size_t size) const {
    const size_t h = size / 4;
    const double* r = t_.real_roots;
    const Root<Widest> w1 = root<Widest>(r, m + i), w2 = root<Widest>(r, 2 * (m + i)),
                       w3 = root<Widest>(r, 2 * (m + i) + 1);
    auto* x = reinterpret_cast<double*>(words);
    const Field<Widest> field = wide_;  // a copy: the compiler cannot know that the stores leave it alone
    for (size_t j = 0; j < h; j += Widest::kLanes) {
      Widest v[4];
      if constexpr (kFirst)
        load4(v, words + j, h);
      else
        load4(v, x + j, h);
      forward4(field, v, w1, w2, w3);
      store4(v, x + j, h);
    }
  }
  /// Group i of m, to the end: depth first, until all layers that are left stay in the nearest cache; then
  /// layer after layer, so that what follows one another is independent.
  void group_forward(Word* words, size_t m, size_t i, size_t size) const {
    if (size > kNear) {
      pass_forward<false>(words + i * size, m, i, size);
      for (size_t k = 0; k < 4; ++k) group_forward(words, 4 * m, 4 * i + k, size / 4);
      return;
    }
    size_t first = i, groups = 1;
    for (; size > 16; size /= 4, m *= 4, first *= 4, groups *= 4)
      for (size_t g = first; g < first + groups; ++g) pass_forward<false>(words + g * size, m, g, size);
    for (size_t g = first; g < first + groups; ++g) fours_forward(words + 16 * g, m + g);
    for (size_t g = first; g < first + groups; ++g) ones_forward(words + 16 * g, 4 * (m + g));
  }
  /// Sixteen numbers: the layers between fours, whose first root has index r.
  void fours_forward(Word* words, size_t r) const {
    auto* x = reinterpret_cast<double*>(words);
    Four v[4];
    load4(v, x, 4);
    forward4(four_, v, root<Four>(t_.real_roots, r), root<Four>(t_.real_roots, 2 * r),
             root<Four>(t_.real_roots, 2 * r + 1));
    store4(v, x, 4);
  }
  /// Sixteen numbers: the layers within fours, whose first roots have the indices r to r + 3.
  void ones_forward(Word* words, size_t r) const {
    auto* x = reinterpret_cast<double*>(words);
    Four v[4], even, odd;
    load4(v, x, 4);
    transpose(v);
    split(t_.real_roots + 2 * r, even, odd);
    forward4(four_, v, Root<Four>(four_, Four::load(t_.real_roots + r)), Root<Four>(four_, even),
             Root<Four>(four_, odd));
    transpose(v);
    positive4(four_, v);
    store4(v, words, 4);
  }

  /// The reverse of group_forward.
  void group_inverse(Word* words, size_t m, size_t i, size_t size) const {
    if (size > kNear) {
      for (size_t k = 0; k < 4; ++k) group_inverse(words, 4 * m, 4 * i + k, size / 4);
      return pass_inverse(words + i * size, m, i, size);
    }
    const size_t sixteens = size / 16, first = i * sixteens;
    for (size_t g = first; g < first + sixteens; ++g) ones_inverse(words + 16 * g, 4 * (m * sixteens + g));
    for (size_t g = first; g < first + sixteens; ++g) fours_inverse(words + 16 * g, m * sixteens + g);
    for (size_t now = 64, groups = sixteens / 4; groups > 0; now *= 4, groups /= 4)
      for (size_t g = i * groups; g < (i + 1) * groups; ++g)
        pass_inverse(words + g * now, m * groups, g, now);
  }
  void pass_inverse(Word* words, size_t m, size_t i, size_t size) const {
    const size_t h = size / 4;
    const double* r = t_.real_inverse_roots;
    const Root<Widest> w1 = root<Widest>(r, m + i), w2 = root<Widest>(r, 2 * (m + i)),
                       w3 = root<Widest>(r, 2 * (m + i) + 1);
    const Field<Widest> field = wide_;
    auto* x = reinterpret_cast<double*>(words);
    for (size_t j = 0; j < h; j += Widest::kLanes) {
      Widest v[4];
      load4(v, x + j, h);
      inverse4(field, v, w1, w2, w3);
      store4(v, x + j, h);
    }
  }
  void ones_inverse(Word* words, size_t r) const {
    auto* x = reinterpret_cast<double*>(words);
    Four v[4], even, odd;
    load4(v, words, 4);
    transpose(v);
    split(t_.real_inverse_roots + 2 * r, even, odd);
    inverse4(four_, v, Root<Four>(four_, Four::load(t_.real_inverse_roots + r)), Root<Four>(four_, even),
             Root<Four>(four_, odd));
    transpose(v);
    store4(v, x, 4);
  }
  void fours_inverse(Word* words, size_t r) const {
    auto* x = reinterpret_cast<double*>(words);
    Four v[4];
    load4(v, x, 4);
    inverse4(four_, v, root<Four>(t_.real_inverse_roots, r), root<Four>(t_.real_inverse_roots, 2 * r),
             root<Four>(t_.real_inverse_roots, 2 * r + 1));
    store4(v, x, 4);
  }

  static constexpr size_t kNear = 1024;  // 8 KB
  const NttView& t_;
  Field<Widest> wide_;
  Field<Four> four_;
};

constexpr size_t kSmallest = 64;  // below, groups are narrower than registers
bool on_doubles(const NttView& t) { return t.real_roots != nullptr && t.n >= kSmallest; }

void forward(const NttView& t, Word* x) {
  if (on_doubles(t)) return Passes(t).forward(x);
  forward_words(t, x);
}
void inverse(const NttView& t, Word* x) {
  if (on_doubles(t)) return Passes(t).inverse(x);
  inverse_words(t, x);
}

template <bool kAdd>
void products(const NttView& t, const Word* a, const Word* b, Word* out) {
  const Field<Widest> f(t.q);
  for (size_t i = 0; i < t.n; i += Widest::kLanes) {
    const Widest v = Widest::from_words(a + i), w = Widest::from_words(b + i);
    const Widest h = v * w, l = fms(v, w, h), k = fma(h, f.q_inverse, f.round) - f.round;
    Widest r = fnma(k, f.q, h) + l;
    if (kAdd) r = f.reduce(r + Widest::from_words(out + i));
    f.positive(r).to_words(out + i);
  }
}
void multiply(const NttView& t, const Word* a, const Word* b, Word* out) {
  if (on_doubles(t)) return products<false>(t, a, b, out);
  multiply_words(t, a, b, out);
}
void multiply_add(const NttView& t, const Word* a, const Word* b, Word* out) {
  if (on_doubles(t)) return products<true>(t, a, b, out);
  multiply_add_words(t, a, b, out);
}
void scale(const NttView& t, const Word* a, Word factor, Word* out) {
  if (!on_doubles(t)) return scale_words(t, a, factor, out);
  const Field<Widest> f(t.q);
  const double w = factor > t.q / 2 ? -static_cast<double>(t.q - factor) : static_cast<double>(factor);
  const Root<Widest> by(f, Widest::all(w));
  for (size_t i = 0; i < t.n; i += Widest::kLanes)
    f.positive(f.times(Widest::from_words(a + i), by.w, by.over_q)).to_words(out + i);
}

#else

void forward(const NttView& t, Word* x) { forward_words(t, x); }
void inverse(const NttView& t, Word* x) { inverse_words(t, x); }
void multiply(const NttView& t, const Word* a, const Word* b, Word* out) { multiply_words(t, a, b, out); }
void multiply_add(const NttView& t, const Word* a, const Word* b, Word* out) {
  multiply_add_words(t, a, b, out);
}
void scale(const NttView& t, const Word* a, Word factor, Word* out) { scale_words(t, a, factor, out); }

#endif

}  // namespace

void fill(he::NttKernels& k) { k = {forward, inverse, multiply, multiply_add, scale, add, subtract, lift}; }

}  // namespace tacit::TACIT_ISA
