#include "tacit/he/poly/ring.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::he {

Ring::Ring(std::size_t degree, std::span<const Word> primes, Isa isa) : degree_(degree) {
  require(!primes.empty(), "a ring has at least one prime");
  for (std::size_t i = 0; i < primes.size(); ++i) {
    require(std::find(primes.begin(), primes.begin() + static_cast<std::ptrdiff_t>(i), primes[i]) ==
                primes.begin() + static_cast<std::ptrdiff_t>(i),
            "the prime {} stands twice in one modulus", primes[i]);
    limbs_.emplace_back(Modulus(primes[i]), degree, isa);
  }
}

void Ring::forward(Poly& p) const {
  for (std::size_t i = 0; i < limbs(); ++i) limbs_[i].forward(part(p, i));
}
void Ring::inverse(Poly& p) const {
  for (std::size_t i = 0; i < limbs(); ++i) limbs_[i].inverse(part(p, i));
}
void Ring::add(Poly& a, const Poly& b) const {
  ensure(a.size() == words() && b.size() == words(), "polynomials of the ring");
  for (std::size_t i = 0; i < limbs(); ++i) limbs_[i].add(part(a, i), part(b, i));
}
void Ring::subtract(Poly& a, const Poly& b) const {
  ensure(a.size() == words() && b.size() == words(), "polynomials of the ring");
  for (std::size_t i = 0; i < limbs(); ++i) limbs_[i].subtract(part(a, i), part(b, i));
}
void Ring::negate(Poly& a) const {
  ensure(a.size() == words(), "a polynomial of the ring");
  for (std::size_t i = 0; i < limbs(); ++i)
    for (Word& x : part(a, i)) x = modulus(i).negate(x);
}
void Ring::multiply(Poly& a, const Poly& b) const {
  for (std::size_t i = 0; i < limbs(); ++i) limbs_[i].multiply(part(a, i), part(b, i), part(a, i));
}
void Ring::multiply_add(Poly& to, const Poly& a, const Poly& b) const {
  for (std::size_t i = 0; i < limbs(); ++i) limbs_[i].multiply_add(part(a, i), part(b, i), part(to, i));
}

}  // namespace tacit::he
