// Secrets as types: the only handle on shared values that code above mpc/ can hold. There is no way from a
// Secret to a number but Gate::reveal with a permit, no branching on one, no comparing, no printing.
#pragma once

#include <ostream>

#include "tacit/mpc/engine.h"

namespace tacit {

// What a secret stands for. Misuse does not compile: a product has other digits than its factors and must be
// truncated before it is a Real again; a bit is no number.
struct Real {};  ///< fixed point with the session's fractional bits, |value| < 2^(62 - 2f)
struct Wide {};  ///< more fractional bits than that: a product, or a sum of products, still to be truncated
struct Bit {};   ///< 0 or 1

namespace fn {
struct Access;  // fn/access.h
}

/// Pass-key: only fn/ may turn shares into secrets and look inside.
class ShareKey {
  ShareKey() = default;
  friend struct fn::Access;
};

template <class E>
class Secret {
 public:
  const Shape& shape() const { return share_.shape; }
  std::size_t size() const { return share_.size(); }

  explicit operator bool() const = delete;  // "if" cannot ask a secret: use fn::select
  template <class Other>
  bool operator==(const Other&) const = delete;  // comparing gives a Secret<Bit>: use fn::less

 private:
  friend class Gate;
  explicit Secret(Share share) : share_(std::move(share)) {}
  Share share_;
};
template <class E>
std::ostream& operator<<(std::ostream&,
                         const Secret<E>&) = delete;  // a secret is not printed: reveal it by permit

/// Numbers that everyone may know.
struct PublicTensor {
  Shape shape;
  std::vector<double> values;
};

}  // namespace tacit
