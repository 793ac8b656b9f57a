// Bounds of every operation's result, and which operands have to be checked for them to hold. Throughout,
// bounds speak of the exact integers that elements stand for: as long as these fit 64 bits they are the
// elements themselves, and that they do is what is kept up here, operation by operation.
#include "tacit/mpc/generic/guard_engine.h"

#include <bit>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit {

namespace {

__extension__ typedef __int128 Int;

/// Products, and sums of them, are held to this, so that a few may be added before they are truncated, for
/// which they have to lie in [-2^62, 2^62).
constexpr std::int64_t kProduct = std::int64_t{1} << 61;
constexpr Bounds kTruncates{-(std::int64_t{1} << 62), (std::int64_t{1} << 62) - 1};

Int magnitude(const Bounds& b) { return std::max(-Int{b.low}, Int{b.high}); }

Bounds bounds_of_words(const Words& words) {
  if (words.empty()) return {0, 0};
  Bounds out{INT64_MAX, INT64_MIN};
  for (Word w : words) out = out.joined({static_cast<std::int64_t>(w), static_cast<std::int64_t>(w)});
  return out;
}

}  // namespace

struct GuardEngine::Wide {
  Int low, high;

  static Wide product(const Bounds& a, const Bounds& b) {
    const Int ends[] = {Int{a.low} * b.low, Int{a.low} * b.high, Int{a.high} * b.low, Int{a.high} * b.high};
    return {*std::min_element(ends, ends + 4), *std::max_element(ends, ends + 4)};
  }
  bool below(Int limit) const { return -limit <= low && high <= limit; }
  bool fits() const { return low >= INT64_MIN && high <= INT64_MAX; }
  Bounds narrow() const {
    ensure(fits(), "a guarded number fits the ring");
    return {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
  }
};

void GuardEngine::watch(bool on) {
  ensure(checks_.empty(), "checks are settled before guarding ends");
  on_ = on;
  widest_.clear();
}

void GuardEngine::note_width(long double largest) {
  unsigned& bits = widest_[meter().path()];
  bits = std::max(bits, 1 + static_cast<unsigned>(std::ceil(std::log2(largest + 1))));
}

std::size_t GuardEngine::waiting() const {
  std::size_t n = 0;
  for (const Check& c : checks_) n += c.x.size();
  return n;
}

Bounds GuardEngine::hold(const Share& x, const Bounds& allowed) {
  const Bounds known = of(x);
  if (!on_ || allowed.holds(known)) return known;
  Bounds now{std::max(known.low, allowed.low), std::min(known.high, allowed.high)};
  if (now.low > now.high) now = allowed;  // the check will fail
  if (x.bounds != nullptr) *x.bounds = now;
  if (x.size() == 0) return now;
  // A tensor that waits already is checked once, for the narrower bounds.
  const auto same = std::find_if(checks_.begin(), checks_.end(), [&](const Check& c) {
    return x.bounds != nullptr && c.x.bounds == x.bounds;
  });
  if (same != checks_.end()) {
    same->allowed = {std::max(same->allowed.low, allowed.low), std::min(same->allowed.high, allowed.high)};
    if (same->allowed.low > same->allowed.high) same->allowed = allowed;
  } else {
    const std::string& path = meter().path();
    auto place = std::find(places_.begin(), places_.end(), path);
    if (place == places_.end()) place = places_.insert(places_.end(), path);
    checks_.push_back({x, known, allowed, static_cast<std::size_t>(place - places_.begin())});
  }
  return now;
}

void GuardEngine::hold_factors(const Share& a, const Share& b, std::size_t terms) {
  const Int budget = Int{kProduct} / static_cast<Int>(terms);
  ensure(budget > 0, "a sum of fewer than 2^61 products");
  const auto most = static_cast<std::int64_t>(budget);
  // Where one factor is small, the other may be large. Otherwise both get an equal part.
  const std::int64_t even = std::int64_t{1} << (std::bit_width(static_cast<std::uint64_t>(most)) - 1) / 2;
  auto beside = [&](const Share& small) {
    return Bounds::within(most / std::max(std::int64_t{1}, static_cast<std::int64_t>(magnitude(of(small)))));
  };
  if (magnitude(of(a)) <= even) {
    hold(b, beside(a));
  } else if (magnitude(of(b)) <= even) {
    hold(a, beside(b));
  } else {
    hold(a, Bounds::within(even));
    hold(b, Bounds::within(most / even));
  }
}

Bounds GuardEngine::times(const Share& x, const Bounds& factor) {
  if (!on_) return {};
  const Int largest = magnitude(factor);
  const Wide result = Wide::product(of(x), factor);
  note_width(static_cast<long double>(magnitude(of(x))) * static_cast<long double>(largest));
  if (result.below(kProduct) || (largest <= 1 && result.fits())) return result.narrow();
  const auto most = static_cast<std::int64_t>(Int{kProduct} / std::max(largest, Int{1}));
  return Wide::product(hold(x, Bounds::within(most)), factor).narrow();
}

Bounds GuardEngine::plus(const Share& a, const Share& b, bool minus) {
  if (!on_) return {};
  auto sum = [&](const Bounds& x, const Bounds& y) {
    return minus ? Wide{Int{x.low} - y.high, Int{x.high} - y.low}
                 : Wide{Int{x.low} + y.low, Int{x.high} + y.high};
  };
  Bounds x = of(a), y = of(b);
  if (sum(x, y).fits()) return sum(x, y).narrow();
  const bool first = magnitude(x) >= magnitude(y);
  if (first) x = hold(a, Bounds::within(kProduct));
  if (!first || !sum(x, y).fits()) y = hold(b, Bounds::within(kProduct));
  if (!sum(x, y).fits()) x = hold(a, Bounds::within(kProduct));
  return sum(x, y).narrow();
}

Share GuardEngine::bounded(Share out, const Bounds& bounds) const {
  out.bounds = std::make_shared<Bounds>(on_ ? bounds : Bounds());
  return out;
}

// ---- where numbers come from

Share GuardEngine::input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) {
  return bounded(inner_.input(owner, mine, shape, frac), {});
}
Share GuardEngine::adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) {
  return bounded(inner_.adopt(std::move(components), shape, frac), {});
}
Share GuardEngine::constant(const RingTensor& value, Domain domain, unsigned frac) {
  Share out = inner_.constant(value, domain, frac);
  out.bounds = std::make_shared<Bounds>(bounds_of_words(value.words));  // known in any case
  return out;
}
Share GuardEngine::to_arith(const Share& bit, unsigned frac) {
  ensure(frac <= 62, "a bit fits the ring");
  return bounded(inner_.to_arith(bit, frac), {0, std::int64_t{1} << frac});
}
Share GuardEngine::expect(Share x, const Bounds& bounds) {
  if (x.bounds == nullptr) x.bounds = std::make_shared<Bounds>();
  hold(x, bounds);
  return x;
}

// ---- products

Share GuardEngine::bilinear(const Bilinear& map, const Share& a, const Share& b) {
  if (a.domain == Domain::Bool) return inner_.bilinear(map, a, b);
  Bounds bounds;
  if (on_) {
    const std::size_t terms = map.terms(a.shape, b.shape);
    note_width(static_cast<long double>(magnitude(of(a))) * static_cast<long double>(magnitude(of(b))) *
               static_cast<long double>(terms));
    auto result = [&](const Bounds& x, const Bounds& y) {
      const Wide one = Wide::product(x, y);
      const auto n = static_cast<Int>(terms);
      // Fewer terms may meet, at a border, or none.
      return Wide{std::min(Int{0}, one.low * n), std::max(Int{0}, one.high * n)};
    };
    // Magnitudes of 2^63 each and 2^63 terms would be too large for an Int.
    const bool small = magnitude(of(a)) * magnitude(of(b)) <= Int{kProduct};
    if (!small || !result(of(a), of(b)).below(kProduct)) hold_factors(a, b, terms);
    bounds = result(of(a), of(b)).narrow();
  }
  return bounded(inner_.bilinear(map, a, b), bounds);
}
Share GuardEngine::bilinear_within(const Bilinear& map, const Share& a, const Share& b,
                                   const Bounds& bounds) {
  return bounded(inner_.bilinear(map, a, b), bounds);
}
Share GuardEngine::scale(const Share& x, std::int64_t factor) {
  const Bounds bounds = times(x, {factor, factor});
  return bounded(inner_.scale(x, factor), bounds);
}
Share GuardEngine::scale_each(const Share& x, std::span<const double> factors, unsigned frac) {
  const Bounds bounds = on_ ? times(x, bounds_of_words(inner_.encode(factors, frac))) : Bounds();
  return bounded(inner_.scale_each(x, factors, frac), bounds);
}
Share GuardEngine::lift(const Share& x, unsigned bits) {
  const std::int64_t factor = std::int64_t{1} << bits;
  const Bounds bounds = times(x, {factor, factor});
  return bounded(inner_.lift(x, bits), bounds);
}
Share GuardEngine::sum_runs(const Share& x, std::size_t length, Shape shape) {
  const auto n = static_cast<std::int64_t>(length);
  const Bounds bounds = times(x, {n, n});
  return bounded(inner_.sum_runs(x, length, std::move(shape)), bounds);
}

// ---- sums

Share GuardEngine::add(const Share& a, const Share& b) {
  if (a.domain == Domain::Bool) return inner_.add(a, b);
  const Bounds bounds = plus(a, b, false);
  return bounded(inner_.add(a, b), bounds);
}
Share GuardEngine::sub(const Share& a, const Share& b) {
  const Bounds bounds = plus(a, b, true);
  return bounded(inner_.sub(a, b), bounds);
}
Share GuardEngine::negate(const Share& x) {
  const Bounds bounds = times(x, {-1, -1});
  return bounded(inner_.negate(x), bounds);
}
Share GuardEngine::add_public(const Share& x, std::span<const double> values) {
  Bounds bounds;
  if (on_) {
    const Bounds more = bounds_of_words(inner_.encode(values, x.frac));
    auto sum = [&](const Bounds& b) { return Wide{Int{b.low} + more.low, Int{b.high} + more.high}; };
    const Wide result = sum(of(x));
    bounds = result.fits() ? result.narrow() : sum(hold(x, Bounds::within(kProduct))).narrow();
  }
  return bounded(inner_.add_public(x, values), bounds);
}

// ---- the same numbers in another form

Share GuardEngine::move_point(const Share& x, int k) {
  Share out = inner_.move_point(x, k);
  out.bounds = x.bounds;
  return out;
}
Share GuardEngine::loosen(const Share& x) {
  Share out = inner_.loosen(x);
  out.bounds = x.bounds;
  return out;
}
Share GuardEngine::settle(const Share& x) {
  Share out = inner_.settle(x);
  out.bounds = x.bounds;
  return out;
}

// ---- what has a domain

Share GuardEngine::trunc(const Share& x, unsigned bits) {
  const Bounds in = hold(x, kTruncates);
  return bounded(inner_.trunc(x, bits), {in.low >> bits, (in.high >> bits) + 1});
}

namespace {
/// What the lowest bits of so many can tell apart.
Bounds of_width(unsigned width) {
  if (width >= 64) return {};
  return {-(std::int64_t{1} << (width - 1)), (std::int64_t{1} << (width - 1)) - 1};
}
}  // namespace

Share GuardEngine::msb(const Share& x, unsigned width) {
  hold(x, of_width(width));
  return inner_.msb(x, width);
}
Share GuardEngine::select(const Share& bit, const Share& x) {
  return bounded(inner_.select(bit, x), of(x).joined({0, 0}));
}
Engine::Rectified GuardEngine::relu(const Share& x, unsigned width) {
  const Bounds in = hold(x, of_width(width));
  Rectified out = inner_.relu(x, width);
  out.value = bounded(std::move(out.value), {0, std::max(std::int64_t{0}, in.high)});
  return out;
}
Share GuardEngine::piecewise(const Share& x, const Piecewise& function, unsigned frac) {
  auto element = [](double value, unsigned digits) { return std::ldexp(value, static_cast<int>(digits)); };
  hold(x, {static_cast<std::int64_t>(std::ceil(element(function.low, x.frac))),
           static_cast<std::int64_t>(std::floor(element(function.high(), x.frac)))});
  const double most = std::ceil(element(function.bound + function.error, frac)) + 1;
  return bounded(inner_.piecewise(x, function, frac), Bounds::within(static_cast<std::int64_t>(most)));
}

}  // namespace tacit
