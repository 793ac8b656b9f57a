// The negacyclic number-theoretic transform: polynomials modulo X^n + 1 and a prime q = 1 mod 2n become their
// values at the odd powers of a 2n-th root of unity, so that products go value by value. Values come in
// bit-reversed order. Constant time: only n and q decide what is done.
//
// Sources: Harvey, "Faster arithmetic for number-theoretic transforms" (2014), for lazily reduced butterflies
// on words; van der Hoeven and Lecerf, "Modular SIMD arithmetic" (2013, section 3.2), for products modulo
// primes below 2^50 in double precision with fused multiply-add, which is what processors do widest.
#pragma once

#include <memory>

#include "tacit/base/cpu.h"
#include "tacit/he/poly/modulus.h"

namespace tacit::he {

struct NttKernels;

class Ntt {
 public:
  /// `degree` is a power of two of at least 2; UsageError if q has no root of unity of order 2·degree.
  Ntt(const Modulus& q, std::size_t degree, Isa isa = detect_isa());
  Ntt(Ntt&&) noexcept;
  ~Ntt();

  const Modulus& modulus() const { return q_; }
  std::size_t degree() const { return n_; }

  /// In place, on words below q.
  void forward(std::span<Word> x) const;
  void inverse(std::span<Word> x) const;
  /// The values of small coefficients, at most kErrorBound (sample.h) in size, in a form that only
  /// forward_sum() reads.
  void forward_small(std::span<const std::int8_t> from, std::span<Word> loose) const;
  /// out = values of `from`, and a·loose, value by value. `out` is neither of the two.
  void forward_sum(std::span<const std::int8_t> from, std::span<const Word> a, std::span<const Word> loose,
                   std::span<Word> out) const;
  /// out = values of (from + factor·numbers), and a·loose; of signed numbers of size below q.
  void forward_sum(std::span<const std::int8_t> from, std::span<const Word> numbers, Word factor,
                   std::span<const Word> a, std::span<const Word> loose, std::span<Word> out) const;
  /// out = a·b, value by value.
  void multiply(std::span<const Word> a, std::span<const Word> b, std::span<Word> out) const;
  /// out += a·b, value by value.
  void multiply_add(std::span<const Word> a, std::span<const Word> b, std::span<Word> out) const;
  /// out = factor·a
  void scale(std::span<const Word> a, Word factor, std::span<Word> out) const;
  /// x = (x - y + offset)·factor, for y below 2q.
  void subtract_scale(std::span<const Word> y, Word offset, Word factor, std::span<Word> x) const;
  /// a += b and a -= b, of coefficients or of values.
  void add(std::span<Word> a, std::span<const Word> b) const;
  void subtract(std::span<Word> a, std::span<const Word> b) const;
  /// Small signed coefficients as residues.
  void lift(std::span<const std::int8_t> from, std::span<Word> out) const;

 private:
  struct Tables;
  Modulus q_;
  std::size_t n_;
  const NttKernels* kernels_;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace tacit::he
