// Adders by Boyar and Peralta's full adder with one And: with x = a ^ k and y = b ^ k, the carry is (x & y) ^
// k. (Boyar, Peralta, Pochuev, "On the multiplicative complexity of Boolean functions over the basis (and,
// xor, 1)", 2000.)
#include "tacit/gc/circuit/arithmetic.h"

#include <algorithm>
#include <bit>

#include "tacit/base/error.h"

namespace tacit::gc {

namespace {

/// The carries of a + b + carry: into bit 0, into bit 1, ..., out of bit n - 1 (if `last`).
Bits carries(Builder& c, const Bits& a, const Bits& b, Bit carry, bool last) {
  ensure(a.size() == b.size(), "numbers of one width");
  Bits out{carry};
  for (std::size_t i = 0; i + (last ? 0 : 1) < a.size(); ++i) {
    const Bit k = out.back();
    out.push_back(c.bit_xor(c.bit_and(c.bit_xor(a[i], k), c.bit_xor(b[i], k)), k));
  }
  return out;
}
bool is_constant(const Bits& a) {
  return std::all_of(a.begin(), a.end(), [](const Bit& b) { return b.is_constant(); });
}
Bits inverted(Builder& c, Bits a) {
  for (Bit& x : a) x = c.bit_not(x);
  return a;
}

}  // namespace

Bits constant(Word value, std::size_t bits) {
  Bits out;
  for (std::size_t i = 0; i < bits; ++i) out.push_back(Bit(i < 64 && (value >> i & 1) != 0));
  return out;
}

Bits add(Builder& c, const Bits& a, const Bits& b, Bit carry) {
  const Bits k = carries(c, a, b, carry, false);
  Bits out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(c.bit_xor(c.bit_xor(a[i], b[i]), k[i]));
  return out;
}
Bits add_wide(Builder& c, const Bits& a, const Bits& b) {
  const Bits k = carries(c, a, b, false, true);
  Bits out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(c.bit_xor(c.bit_xor(a[i], b[i]), k[i]));
  out.push_back(k.back());
  return out;
}
Bits subtract(Builder& c, const Bits& a, const Bits& b) { return add(c, a, inverted(c, b), true); }
Bits negate(Builder& c, const Bits& a) { return subtract(c, constant(0, a.size()), a); }

Bit less(Builder& c, const Bits& a, const Bits& b) {
  return c.bit_not(carries(c, a, inverted(c, b), true, true).back());
}
Bit less_signed(Builder& c, const Bits& a, const Bits& b) {
  ensure(!a.empty() && a.size() == b.size(), "numbers of one width");
  Bits x = a, y = b;
  x.back() = c.bit_not(x.back());
  y.back() = c.bit_not(y.back());
  return less(c, x, y);
}
Bit equal(Builder& c, const Bits& a, const Bits& b) {
  ensure(a.size() == b.size(), "numbers of one width");
  // As a tree, for the depth.
  Bits same;
  for (std::size_t i = 0; i < a.size(); ++i) same.push_back(c.bit_not(c.bit_xor(a[i], b[i])));
  while (same.size() > 1) {
    Bits next;
    for (std::size_t i = 0; i + 1 < same.size(); i += 2) next.push_back(c.bit_and(same[i], same[i + 1]));
    if (same.size() % 2 == 1) next.push_back(same.back());
    same = std::move(next);
  }
  return same.empty() ? Bit(true) : same[0];
}
Bits select(Builder& c, Bit which, const Bits& if_set, const Bits& otherwise) {
  ensure(if_set.size() == otherwise.size(), "numbers of one width");
  Bits out;
  for (std::size_t i = 0; i < if_set.size(); ++i)
    out.push_back(c.bit_xor(c.bit_and(which, c.bit_xor(if_set[i], otherwise[i])), otherwise[i]));
  return out;
}

Bits relu(Builder& c, const Bits& a) {
  const Bit positive = c.bit_not(a.back());
  Bits out;
  for (std::size_t i = 0; i + 1 < a.size(); ++i) out.push_back(c.bit_and(a[i], positive));
  out.push_back(false);
  return out;
}
Bits larger(Builder& c, const Bits& a, const Bits& b) { return select(c, less_signed(c, a, b), b, a); }
Bits maximum(Builder& c, const std::vector<Bits>& numbers) {
  ensure(!numbers.empty(), "the largest of something");
  std::vector<Bits> left = numbers;
  while (left.size() > 1) {
    std::vector<Bits> next;
    for (std::size_t i = 0; i + 1 < left.size(); i += 2) next.push_back(larger(c, left[i], left[i + 1]));
    if (left.size() % 2 == 1) next.push_back(std::move(left.back()));
    left = std::move(next);
  }
  return left[0];
}
Bits clip(Builder& c, const Bits& a, const Bits& low, const Bits& high) {
  if (is_constant(low) && is_constant(high)) {
    // At most one of these holds, so what is chosen can be added up; a constant is chosen for nothing.
    const Bit below = less_signed(c, a, low), above = less_signed(c, high, a);
    const Bit keep = c.bit_not(c.bit_xor(below, above));
    Bits out;
    for (std::size_t i = 0; i < a.size(); ++i)
      out.push_back(
          c.bit_xor(c.bit_and(a[i], keep), c.bit_xor(c.bit_and(low[i], below), c.bit_and(high[i], above))));
    return out;
  }
  const Bits above = select(c, less_signed(c, a, low), low, a);
  return select(c, less_signed(c, high, above), high, above);
}
Bits relu_to(Builder& c, const Bits& a, Word top) {
  ensure(a.size() >= 2 && top >> (a.size() - 1) == 0, "a positive bound of the number's width");
  const Bits low(a.begin(), a.end() - 1), bound = constant(top, low.size());
  const Bit positive = c.bit_not(a.back()), above = c.bit_and(positive, less(c, bound, low));
  const Bit keep = c.bit_xor(positive, above);
  Bits out;
  for (std::size_t i = 0; i < low.size(); ++i)
    out.push_back(c.bit_xor(c.bit_and(low[i], keep), c.bit_and(bound[i], above)));
  out.push_back(false);
  return out;
}
Bits argmax(Builder& c, const std::vector<Bits>& numbers, Less less) {
  ensure(!numbers.empty(), "argmax of something");
  const std::size_t width = static_cast<std::size_t>(std::bit_width(numbers.size() - 1));
  struct Candidate {
    Bits value, place;
  };
  std::vector<Candidate> left;
  for (std::size_t i = 0; i < numbers.size(); ++i) left.push_back({numbers[i], constant(i, width)});
  while (left.size() > 1) {
    std::vector<Candidate> next;
    for (std::size_t i = 0; i + 1 < left.size(); i += 2) {
      const Bit second = less(c, left[i].value, left[i + 1].value);
      next.push_back({select(c, second, left[i + 1].value, left[i].value),
                      select(c, second, left[i + 1].place, left[i].place)});
    }
    if (left.size() % 2 == 1) next.push_back(std::move(left.back()));
    left = std::move(next);
  }
  return left[0].place;
}

std::vector<Bits> top_places(Builder& c, const std::vector<Bits>& numbers, std::size_t k, Less less) {
  ensure(k <= numbers.size() && !numbers.empty(), "no more than there are");
  const std::size_t width = static_cast<std::size_t>(std::bit_width(numbers.size() - 1));
  struct Candidate {
    Bits value, place;
  };
  // Each number in turn goes into a list of the largest so far: it pushes down what is smaller.
  std::vector<Candidate> best;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Candidate moving{numbers[i], constant(i, width)};
    Bit pushed = false;
    for (Candidate& here : best) {
      pushed = c.bit_or(pushed, less(c, here.value, moving.value));
      auto exchange = [&](Bits& a, Bits& b) {
        for (std::size_t j = 0; j < a.size(); ++j) {
          const Bit change = c.bit_and(pushed, c.bit_xor(a[j], b[j]));
          a[j] = c.bit_xor(a[j], change);
          b[j] = c.bit_xor(b[j], change);
        }
      };
      exchange(here.value, moving.value);
      exchange(here.place, moving.place);
    }
    if (best.size() < k) best.push_back(std::move(moving));
  }
  std::vector<Bits> out;
  for (Candidate& b : best) out.push_back(std::move(b.place));
  return out;
}

Bits round_shift(Builder& c, const Bits& a, std::size_t by) {
  ensure(by < a.size(), "a shift within the number");
  const Bits high(a.begin() + static_cast<std::ptrdiff_t>(by), a.end());
  if (by == 0) return high;
  return add(c, high, constant(0, high.size()), a[by - 1]);
}

Bits reduce_once(Builder& c, const Bits& a, Word p) {
  const Bits less_p = subtract(c, a, constant(p, a.size()));
  const Bit below = less(c, a, constant(p, a.size()));
  Bits out = select(c, below, a, less_p);
  out.resize(static_cast<std::size_t>(std::bit_width(p - 1)));
  return out;
}
Bits add_mod(Builder& c, const Bits& a, const Bits& b, Word p) {
  return reduce_once(c, add_wide(c, a, b), p);
}
Bits subtract_mod(Builder& c, const Bits& a, const Bits& b, Word p) {
  // Where it wraps, p is added: p masked by the borrow.
  const Bit borrow = less(c, a, b);
  Bits mask = constant(p, a.size());
  for (Bit& x : mask) x = c.bit_and(x, borrow);
  return add(c, subtract(c, a, b), mask);
}

}  // namespace tacit::gc
