// See ntt_kernels.h. Compiled once for each instruction set: butterflies on words for every prime, and, where
// there is fused multiply-add, on doubles for primes below 2^50 (real.h).
#include <stddef.h>
#include <stdint.h>

#include "tacit/he/poly/kernels/ntt_kernels.h"
#if !defined(TACIT_ISA_PORTABLE)
#include "tacit/he/poly/kernels/real.h"
#endif
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

void subtract_scale_words(const NttView& t, const Word* y, Word offset, Word factor, Word* x) {
  const Word shoup = static_cast<Word>((static_cast<Wide>(factor) << 64) / t.q);
  for (size_t i = 0; i < t.n; ++i)
    x[i] = once(times(x[i] + 2 * t.q - y[i] + offset, factor, shoup, t.q), t.q);
}
void forward_small_words(const NttView& t, const int8_t* from, Word* out) {
  lift(t.n, t.q, from, out);
  forward_words(t, out);
}
void forward_sum_words(const NttView& t, const int8_t* from, const Word* numbers, Word factor, const Word* a,
                       const Word* b, Word* out) {
  lift(t.n, t.q, from, out);
  if (numbers != nullptr) {
    const Word shoup = static_cast<Word>((static_cast<Wide>(factor) << 64) / t.q);
    for (size_t i = 0; i < t.n; ++i) {
      const Word x = numbers[i] + (t.q & top(numbers[i]));
      out[i] = once(out[i] + once(times(x, factor, shoup, t.q), t.q), t.q);
    }
  }
  forward_words(t, out);
  multiply_add_words(t, a, b, out);
}

#if !defined(TACIT_ISA_PORTABLE)

// ---- doubles ----------------------------------------------------------------------------------------------

constexpr size_t kSmallest = 64;  // below, groups are narrower than registers
bool on_doubles(const NttView& t) { return t.real_roots != nullptr && t.n >= kSmallest; }
double balanced(const NttView& t, Word x) {
  return x > t.q / 2 ? -static_cast<double>(t.q - x) : static_cast<double>(x);
}

constexpr Word kLazyBound = Word{1} << 44;

double* reals(Word* x) { return reinterpret_cast<double*>(x); }
const double* reals(const Word* x) { return reinterpret_cast<const double*>(x); }

void forward(const NttView& t, Word* x) {
  if (!on_doubles(t)) return forward_words(t, x);
  if (t.q < kLazyBound) return Passes<true>(t).forward(FromWords{x}, reals(x), ToWords{reals(x)});
  Passes<false>(t).forward(FromWords{x}, reals(x), ToWords{reals(x)});
}
void inverse(const NttView& t, Word* x) {
  if (!on_doubles(t)) return inverse_words(t, x);
  if (t.q < kLazyBound) return Passes<true>(t).inverse(x);
  Passes<false>(t).inverse(x);
}

void forward_small(const NttView& t, const int8_t* from, Word* loose) {
  if (!on_doubles(t)) return forward_small_words(t, from, loose);
  if (t.q < kLazyBound) return Passes<true>(t).forward(FromBytes{from}, reals(loose), ToLoose{reals(loose)});
  Passes<false>(t).forward(FromBytes{from}, reals(loose), ToLoose{reals(loose)});
}
template <bool kLazy, class From>
void sum(const NttView& t, const From& from, const Word* a, const Word* loose_b, Word* out) {
  Passes<kLazy>(t).forward(from, reals(out), ToSum<kLazy>{a, reals(loose_b), reals(out)});
}
void forward_small_sum(const NttView& t, const int8_t* from, const Word* a, const Word* loose_b, Word* out) {
  if (!on_doubles(t)) return forward_sum_words(t, from, nullptr, 0, a, loose_b, out);
  if (t.q < kLazyBound) return sum<true>(t, FromBytes{from}, a, loose_b, out);
  sum<false>(t, FromBytes{from}, a, loose_b, out);
}
void forward_scaled_sum(const NttView& t, const int8_t* from, const Word* numbers, Word factor, const Word* a,
                        const Word* loose_b, Word* out) {
  if (!on_doubles(t)) return forward_sum_words(t, from, numbers, factor, a, loose_b, out);
  const double w = balanced(t, factor);
  const FromScaled scaled{from, numbers, w, w / static_cast<double>(t.q)};
  if (t.q < kLazyBound) return sum<true>(t, scaled, a, loose_b, out);
  sum<false>(t, scaled, a, loose_b, out);
}

void multiply(const NttView& t, const Word* a, const Word* b, Word* out) {
  if (!on_doubles(t)) return multiply_words(t, a, b, out);
  const Real<Widest> f(t.q);
  for (size_t i = 0; i < t.n; i += Widest::kLanes)
    f.positive(f.product(Widest::from_words(a + i), Widest::from_words(b + i))).to_words(out + i);
}
void multiply_add(const NttView& t, const Word* a, const Word* b, Word* out) {
  if (!on_doubles(t)) return multiply_add_words(t, a, b, out);
  const Real<Widest> f(t.q);
  for (size_t i = 0; i < t.n; i += Widest::kLanes) {
    const Widest r = f.product(Widest::from_words(a + i), Widest::from_words(b + i));
    f.word(r + Widest::from_words(out + i)).store(reals(out) + i);
  }
}
void scale(const NttView& t, const Word* a, Word factor, Word* out) {
  if (!on_doubles(t)) return scale_words(t, a, factor, out);
  const Real<Widest> f(t.q);
  const Root<Widest> by(f, Widest::all(balanced(t, factor)));
  for (size_t i = 0; i < t.n; i += Widest::kLanes)
    f.positive(f.times(Widest::from_words(a + i), by.w, by.over_q)).to_words(out + i);
}
void subtract_scale(const NttView& t, const Word* y, Word offset, Word factor, Word* x) {
  if (!on_doubles(t)) return subtract_scale_words(t, y, offset, factor, x);
  const Real<Widest> f(t.q);
  const Root<Widest> by(f, Widest::all(balanced(t, factor)));
  const Widest more = Widest::all(static_cast<double>(offset));
  for (size_t i = 0; i < t.n; i += Widest::kLanes) {
    const Widest difference = Widest::from_words(x + i) - Widest::from_words(y + i) + more;
    f.positive(f.times(difference, by.w, by.over_q)).to_words(x + i);
  }
}

#else

void forward(const NttView& t, Word* x) { forward_words(t, x); }
void inverse(const NttView& t, Word* x) { inverse_words(t, x); }
void forward_small(const NttView& t, const int8_t* from, Word* out) { forward_small_words(t, from, out); }
void forward_small_sum(const NttView& t, const int8_t* from, const Word* a, const Word* b, Word* out) {
  forward_sum_words(t, from, nullptr, 0, a, b, out);
}
void forward_scaled_sum(const NttView& t, const int8_t* from, const Word* numbers, Word factor, const Word* a,
                        const Word* b, Word* out) {
  forward_sum_words(t, from, numbers, factor, a, b, out);
}
void multiply(const NttView& t, const Word* a, const Word* b, Word* out) { multiply_words(t, a, b, out); }
void multiply_add(const NttView& t, const Word* a, const Word* b, Word* out) {
  multiply_add_words(t, a, b, out);
}
void scale(const NttView& t, const Word* a, Word factor, Word* out) { scale_words(t, a, factor, out); }
void subtract_scale(const NttView& t, const Word* y, Word offset, Word factor, Word* x) {
  subtract_scale_words(t, y, offset, factor, x);
}

#endif

}  // namespace

void fill(he::NttKernels& k) {
  k = {forward,  inverse,      forward_small, forward_small_sum, forward_scaled_sum,
       multiply, multiply_add, scale,         subtract_scale,    add,
       subtract, lift};
}

}  // namespace tacit::TACIT_ISA
