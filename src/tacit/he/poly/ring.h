// Polynomials modulo X^n + 1 with coefficients modulo q, a product of primes: each coefficient as its
// residues (RNS), limb after limb, either as coefficients or as values of the transform (ntt.h).
#pragma once

#include <new>

#include "tacit/he/poly/ntt.h"

namespace tacit::he {

/// Memory that begins with a cache line, so that no register's load or store crosses one.
template <class T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <class U>
  LineAllocator(const LineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kLine); }
  bool operator==(const LineAllocator&) const { return true; }
  static constexpr std::align_val_t kLine{64};
};

/// limbs × degree words. What the words are, coefficients or values, is said by whoever holds them.
using Poly = std::vector<Word, LineAllocator<Word>>;

class Ring {
 public:
  /// UsageError if a prime is repeated or does not fit the degree.
  Ring(std::size_t degree, std::span<const Word> primes, Isa isa = detect_isa());

  std::size_t degree() const { return degree_; }
  std::size_t limbs() const { return limbs_.size(); }
  std::size_t words() const { return degree_ * limbs(); }
  const Ntt& limb(std::size_t i) const { return limbs_[i]; }
  const Modulus& modulus(std::size_t i) const { return limbs_[i].modulus(); }

  std::span<Word> part(Poly& p, std::size_t i) const { return std::span(p).subspan(i * degree_, degree_); }
  std::span<const Word> part(const Poly& p, std::size_t i) const {
    return std::span(p).subspan(i * degree_, degree_);
  }

  void forward(Poly& p) const;
  void inverse(Poly& p) const;
  /// a += b, and so on.
  void add(Poly& a, const Poly& b) const;
  void subtract(Poly& a, const Poly& b) const;
  void negate(Poly& a) const;
  /// Value by value.
  void multiply(Poly& a, const Poly& b) const;
  void multiply_add(Poly& to, const Poly& a, const Poly& b) const;

 private:
  std::size_t degree_;
  std::vector<Ntt> limbs_;
};

}  // namespace tacit::he
