// The local loops of aby3, one compilation an instruction set. Where a parameter is a plane of packed bits,
// element i's bit is bit i % 64 of word i / 64. No branch and no index depends on a share.
#pragma once

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit::aby3 {

struct Kernels {
  /// out = z + s - t: a part of a sum, masked by a share of zero.
  void (*mask_sum)(std::size_t n, const Word* z, const Word* s, const Word* t, Word* out);

  // ---- truncation (trunc.cc names the quantities)
  /// D: r from a, b and private low bits; writes z + r + s for R and (if given) z + r + s2 for L, and, packed
  /// in `bytes` bytes each, the corrections of the shares of e and t. at: two words an element, L's shares.
  void (*trunc_deal)(std::size_t n, unsigned bits, std::size_t bytes, const Word* z, const Word* a,
                     const Word* b, const Word* s, const Word* s2, const Word* low, const Word* shares,
                     Word* to_right, Word* to_left, std::byte* corrections);
  /// A holder who knows c: its share of e, packed; `shares` are words (L) or packed corrections (R).
  void (*trunc_left)(std::size_t n, unsigned bits, std::size_t bytes, const Word* c, const Word* shares,
                     std::byte* e);
  void (*trunc_right)(std::size_t n, unsigned bits, std::size_t bytes, const Word* c,
                      const std::byte* corrections, std::byte* e);
  /// The component of both holders: (c >> bits) - 2^(62-bits) + 2^(64-bits) (e_left + e_right).
  void (*trunc_finish)(std::size_t n, unsigned bits, std::size_t bytes, const Word* c,
                       const std::byte* e_left, const std::byte* e_right, Word* out);
  /// The same in two steps, for the variant in which only R knows c: u = (c >> bits) - 2^(62-bits) +
  /// 2^(64-bits) e, and the top bits of c.
  void (*trunc_right_half)(std::size_t n, unsigned bits, std::size_t bytes, const Word* c,
                           const std::byte* corrections, Word* u, Word* top);
  /// L, from the top bits of c: e packed, and out = u + 2^(64-bits) e.
  void (*trunc_left_half)(std::size_t n, unsigned bits, std::size_t bytes, const Word* u, const Word* top,
                          const Word* shares, Word* out, std::byte* e);
  /// R: out = u + 2^(64-bits) e.
  void (*trunc_join)(std::size_t n, unsigned bits, std::size_t bytes, const Word* u, const std::byte* e,
                     Word* out);

  // ---- bit times value
  /// D: λ - u0 and λ·a - u1.
  void (*select_deal)(std::size_t n, const Word* lambda, const Word* a, const Word* u0, const Word* u1,
                      Word* out0, Word* out1);
  /// A holder: m·own + (1 - 2m)(u1 + u0·b) - r.
  void (*select_hold)(std::size_t n, const Word* m, const Word* own, const Word* b, const Word* u0,
                      const Word* u1, const Word* r, Word* out);
  /// D: λ·one - u.
  void (*lift_deal)(std::size_t n, const Word* lambda, Word one, const Word* u, Word* out);
  /// A holder: m·own + (1 - 2m) u - r.
  void (*lift_hold)(std::size_t n, const Word* m, Word own, const Word* u, const Word* r, Word* out);
};

const Kernels& kernels(Isa isa);

}  // namespace tacit::aby3
