// Carries by prefixes: a stretch of bits makes a carry, or passes one on, and stretches are joined in a tree
// (Sklansky, "Conditional-sum addition logic", 1960). Two And gates a join, one where nothing comes in.
#include <bit>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"

namespace tacit::gc {

namespace {

struct Stretch {
  Bit makes, passes;
};

/// `low` before `high`; what passes through both is asked for by few.
Stretch join(Builder& c, const Stretch& low, const Stretch& high, bool lowest) {
  return {c.bit_xor(high.makes, c.bit_and(high.passes, low.makes)),
          lowest ? Bit(false) : c.bit_and(high.passes, low.passes)};
}

/// One bit each; the carry into the lowest, if any, is taken into its stretch.
std::vector<Stretch> stretches(Builder& c, const Bits& a, const Bits& b, Bit carry) {
  ensure(!a.empty() && a.size() == b.size(), "numbers of one width");
  std::vector<Stretch> out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    Bit makes = c.bit_and(a[i], b[i]);
    const Bit passes = c.bit_xor(a[i], b[i]);
    if (i == 0 && carry.is_constant() && carry.value())
      makes = c.bit_or(a[0], b[0]);
    else if (i == 0)
      makes = c.bit_xor(makes, c.bit_and(passes, carry));
    out.push_back({makes, passes});
  }
  return out;
}

Bits inverted(Builder& c, Bits a) {
  for (Bit& x : a) x = c.bit_not(x);
  return a;
}

}  // namespace

Bits shallow_add(Builder& c, const Bits& a, const Bits& b, Bit carry) {
  std::vector<Stretch> upto = stretches(c, a, b, carry);
  const std::vector<Stretch> single = upto;
  upto.pop_back();  // nobody asks for the last carry
  // After a step, upto[i] reaches from i down to a multiple of twice the distance.
  for (std::size_t distance = 1; distance < upto.size(); distance *= 2)
    for (std::size_t i = distance; i < upto.size(); ++i)
      if (i / distance % 2 == 1) {
        const std::size_t before = i / distance * distance - 1;
        upto[i] = join(c, upto[before], upto[i], before < distance);
      }
  Bits out{c.bit_xor(single[0].passes, carry)};
  for (std::size_t i = 1; i < a.size(); ++i) out.push_back(c.bit_xor(single[i].passes, upto[i - 1].makes));
  return out;
}
Bits shallow_subtract(Builder& c, const Bits& a, const Bits& b) {
  return shallow_add(c, a, inverted(c, b), true);
}

Bit shallow_less(Builder& c, const Bits& a, const Bits& b) {
  std::vector<Stretch> left = stretches(c, a, inverted(c, b), true);
  while (left.size() > 1) {
    std::vector<Stretch> next;
    for (std::size_t i = 0; i + 1 < left.size(); i += 2)
      next.push_back(join(c, left[i], left[i + 1], i == 0));
    if (left.size() % 2 == 1) next.push_back(left.back());
    left = std::move(next);
  }
  return c.bit_not(left[0].makes);
}
Bit shallow_less_signed(Builder& c, const Bits& a, const Bits& b) {
  ensure(!a.empty() && a.size() == b.size(), "numbers of one width");
  Bits x = a, y = b;
  x.back() = c.bit_not(x.back());
  y.back() = c.bit_not(y.back());
  return shallow_less(c, x, y);
}

}  // namespace tacit::gc
