// See kernels.h. Compiled once for each instruction set.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tacit/mpc/protocols/aby3/kernels.h"

namespace tacit::TACIT_ISA {
namespace {

/// 0 or all ones, from bit i of a plane.
inline Word spread(const Word* plane, size_t i) { return 0 - (plane[i / 64] >> (i % 64) & 1); }

/// Calls body(i, bit) for every element, with the word of bits held outside the inner loop for the
/// vectoriser.
template <class Body>
inline void each_bit(size_t n, const Word* plane, Body body) {
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const Word bits = plane[i / 64];
    for (size_t j = 0; j < 64; ++j) body(i + j, 0 - (bits >> j & 1));
  }
  for (; i < n; ++i) body(i, spread(plane, i));
}

/// Small numbers packed little-endian in 1 to 8 bytes each. The width is a constant of each loop: a copy of
/// unknown size is a call for every element.
template <size_t kBytes>
struct Width {};
template <class Body>
inline void with_width(size_t bytes, Body body) {
  switch (bytes) {
    case 1:
      return body(Width<1>());
    case 2:
      return body(Width<2>());
    case 3:
      return body(Width<3>());
    case 4:
      return body(Width<4>());
    case 5:
      return body(Width<5>());
    case 6:
      return body(Width<6>());
    case 7:
      return body(Width<7>());
    default:
      return body(Width<8>());
  }
}
template <class T>
inline Word load(const std::byte* in) {
  T v;
  memcpy(&v, in, sizeof v);
  return v;
}
/// Of whole machine words, one or two: a copy into a part of a word would stall the load of the whole.
template <size_t kBytes>
inline Word unpack(Width<kBytes>, const std::byte* in, size_t i) {
  in += kBytes * i;
  if constexpr (kBytes == 1) return load<uint8_t>(in);
  if constexpr (kBytes == 2) return load<uint16_t>(in);
  if constexpr (kBytes == 3) return load<uint16_t>(in) | load<uint8_t>(in + 2) << 16;
  if constexpr (kBytes == 4) return load<uint32_t>(in);
  if constexpr (kBytes > 4 && kBytes < 8)  // the two overlap
    return load<uint32_t>(in) | load<uint32_t>(in + kBytes - 4) << 8 * (kBytes - 4);
  if constexpr (kBytes == 8) return load<Word>(in);
}
template <size_t kBytes, class Get>
inline void pack(Width<kBytes>, size_t n, std::byte* out, Get get) {
  for (size_t i = 0; i < n; ++i) {
    const Word v = get(i);
    memcpy(out + kBytes * i, &v, kBytes);
  }
}
template <class Get>
inline void pack(size_t bytes, size_t n, std::byte* out, Get get) {
  with_width(bytes, [&](auto width) { pack(width, n, out, get); });
}
template <class Put>
inline void unpack_each(size_t n, size_t bytes, const std::byte* in, Put put) {
  with_width(bytes, [&](auto width) {
    for (size_t i = 0; i < n; ++i) put(i, unpack(width, in, i));
  });
}

inline Word offset_quotient(Word c, unsigned bits) { return (c >> bits) - (Word{1} << (62 - bits)); }
/// All ones where the top bit of c is 0.
inline Word wrapped(Word c) { return (c >> 63) - 1; }

void mask_sum(size_t n, const Word* z, const Word* s, const Word* t, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = z[i] + s[i] - t[i];
}

void trunc_deal(size_t n, unsigned bits, size_t bytes, const Word* z, const Word* a, const Word* b,
                const Word* s, const Word* s2, const Word* low, const Word* shares, Word* to_right,
                Word* to_left, std::byte* corrections) {
  const Word low_mask = (Word{1} << bits) - 1;
  auto r = [&](size_t i) { return (a[i] + b[i]) << bits | (low[i] & low_mask); };
  constexpr Word kOffset = Word{1} << 62;  // makes z + offset nonnegative
  for (size_t i = 0; i < n; ++i) to_right[i] = z[i] + kOffset + r(i) + s[i];
  if (to_left != nullptr)
    for (size_t i = 0; i < n; ++i) to_left[i] = z[i] + kOffset + r(i) + s2[i];
  // e0, the carry out of a + b into the top `bits` bits, and t, the top bit of r, less L's shares.
  pack(bytes, n, corrections, [&](size_t i) { return ((a[i] + b[i]) >> (64 - bits)) - shares[i]; });
  pack(bytes, n, corrections + bytes * n,
       [&](size_t i) { return ((a[i] + b[i]) >> (63 - bits) & 1) - shares[n + i]; });
}

// e is sent modulo 2^bits exactly: a wider sum would tell, now and then, whether the sum wrapped.
void trunc_left(size_t n, unsigned bits, size_t bytes, const Word* c, const Word* shares, std::byte* e) {
  const Word mask = (Word{1} << bits) - 1;
  pack(bytes, n, e, [&](size_t i) { return (shares[i] + (shares[n + i] & wrapped(c[i]))) & mask; });
}
void trunc_right(size_t n, unsigned bits, size_t bytes, const Word* c, const std::byte* corrections,
                 std::byte* e) {
  const std::byte* t = corrections + bytes * n;
  const Word mask = (Word{1} << bits) - 1;
  with_width(bytes, [&](auto width) {
    pack(width, n, e, [&](size_t i) {
      return (unpack(width, corrections, i) + (unpack(width, t, i) & wrapped(c[i]))) & mask;
    });
  });
}
void trunc_finish(size_t n, unsigned bits, size_t bytes, const Word* c, const std::byte* e_left,
                  const std::byte* e_right, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = offset_quotient(c[i], bits);
  unpack_each(n, bytes, e_left, [&](size_t i, Word e) { out[i] += e << (64 - bits); });
  unpack_each(n, bytes, e_right, [&](size_t i, Word e) { out[i] += e << (64 - bits); });
}
void trunc_right_half(size_t n, unsigned bits, size_t bytes, const Word* c, const std::byte* corrections,
                      Word* u, Word* top) {
  for (size_t w = 0; w < (n + 63) / 64; ++w) {
    const size_t left = n - 64 * w < 64 ? n - 64 * w : 64;
    Word word = 0;
    for (size_t j = 0; j < left; ++j) word |= (c[64 * w + j] >> 63) << j;
    top[w] = word;
  }
  for (size_t i = 0; i < n; ++i) u[i] = offset_quotient(c[i], bits);
  unpack_each(n, bytes, corrections, [&](size_t i, Word e) { u[i] += e << (64 - bits); });
  unpack_each(n, bytes, corrections + bytes * n,
              [&](size_t i, Word t) { u[i] += (t & wrapped(c[i])) << (64 - bits); });
}
void trunc_left_half(size_t n, unsigned bits, size_t bytes, const Word* u, const Word* top,
                     const Word* shares, Word* out, std::byte* e) {
  each_bit(n, top, [&](size_t i, Word one) {
    out[i] = u[i] + ((shares[i] + (shares[n + i] & ~one)) << (64 - bits));
  });
  pack(bytes, n, e, [&](size_t i) { return (out[i] - u[i]) >> (64 - bits); });
}
void trunc_join(size_t n, unsigned bits, size_t bytes, const Word* u, const std::byte* e, Word* out) {
  for (size_t i = 0; i < n; ++i) out[i] = u[i];
  unpack_each(n, bytes, e, [&](size_t i, Word x) { out[i] += x << (64 - bits); });
}

void select_deal(size_t n, const Word* lambda, const Word* a, const Word* u0, const Word* u1, Word* out0,
                 Word* out1) {
  each_bit(n, lambda, [&](size_t i, Word one) {
    out0[i] = (one & 1) - u0[i];
    out1[i] = (one & a[i]) - u1[i];
  });
}
void select_hold(size_t n, const Word* m, const Word* own, const Word* b, const Word* u0, const Word* u1,
                 const Word* r, Word* out) {
  each_bit(n, m, [&](size_t i, Word one) {
    const Word v = u1[i] + u0[i] * b[i];
    out[i] = (own[i] & one) + ((v ^ one) - one) - r[i];
  });
}
void lift_deal(size_t n, const Word* lambda, Word one_value, const Word* u, Word* out) {
  each_bit(n, lambda, [&](size_t i, Word one) { out[i] = (one & one_value) - u[i]; });
}
void lift_hold(size_t n, const Word* m, Word own, const Word* u, const Word* r, Word* out) {
  each_bit(n, m, [&](size_t i, Word one) { out[i] = (own & one) + ((u[i] ^ one) - one) - r[i]; });
}

}  // namespace

void fill(aby3::Kernels& k) {
  k = {mask_sum,        trunc_deal, trunc_left,  trunc_right, trunc_finish, trunc_right_half,
       trunc_left_half, trunc_join, select_deal, select_hold, lift_deal,    lift_hold};
}

}  // namespace tacit::TACIT_ISA
