// The checks of a guarded engine. Whether low <= x <= high holds is asked by the signs of x - low and high -
// x modulo 2^64: for high - low < 2^63 neither is negative exactly if x lies between, for all 2^64 values of
// x (docs/overflow-guard.md). Where bounds of x are known, only the side that they leave open is asked, and
// only as many bits as they need. Then the bits that say "inside" are multiplied, half by half, until few are
// left; the complements of those are counted, and a count is positive if its negative's sign says so.
#include <bit>

#include "tacit/base/error.h"
#include "tacit/mpc/generic/guard_engine.h"

namespace tacit {

namespace {

__extension__ typedef __int128 Int;

/// Comparisons are made at one of these widths, so that few are made one after the other; and at a wider one
/// if they are so few that rounds count more.
constexpr unsigned kWidths[] = {32, 48, 64};
constexpr std::size_t kFew = 16384;
/// Bits that are counted instead of multiplied, for all places together and at least for each.
constexpr std::size_t kCounted = 4096, kCountedEach = 64;

std::vector<const Share*> pointers(const std::vector<Share>& xs) {
  std::vector<const Share*> out;
  for (const Share& x : xs) out.push_back(&x);
  return out;
}
std::vector<Shape> shapes(const std::vector<Share>& xs) {
  std::vector<Shape> out;
  for (const Share& x : xs) out.push_back(x.shape);
  return out;
}

Share known_number(Engine& engine, std::int64_t value) {
  RingTensor t(Shape{1});
  t.words[0] = static_cast<Word>(value);
  return engine.constant(t, Domain::Arith, 0);
}

/// Bits of two's complement that hold all numbers from low to high; more than 64 if there are none.
unsigned bits_for(Int low, Int high) {
  unsigned bits = 2;
  while (bits <= 64 && (low < -(Int{1} << (bits - 1)) || high >= Int{1} << (bits - 1))) ++bits;
  return bits;
}

/// Multiplies each list of bits by halves until no list is longer than `most`.
void multiply(Engine& engine, std::vector<Share>& lists, std::size_t most) {
  for (;;) {
    std::vector<Share> left, right;
    std::vector<std::optional<Share>> rest;
    std::vector<std::size_t> long_ones;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const std::size_t n = lists[i].size(), half = n / 2;
      if (n <= most) continue;
      std::vector<Shape> cut{{half}, {half}};
      if (n % 2 == 1) cut.push_back({1});
      auto parts = split(lists[i], cut);
      left.push_back(std::move(parts[0]));
      right.push_back(std::move(parts[1]));
      rest.emplace_back();
      if (n % 2 == 1) rest.back() = std::move(parts[2]);
      long_ones.push_back(i);
    }
    if (long_ones.empty()) return;
    const auto a = pointers(left), b = pointers(right);
    auto both = split(engine.bilinear(Bilinear::bit_and(), join(a), join(b)), shapes(left));
    for (std::size_t k = 0; k < long_ones.size(); ++k) {
      Share& list = lists[long_ones[k]];
      list = std::move(both[k]);
      if (!rest[k]) continue;
      const Share* whole[] = {&list, &*rest[k]};
      list = join(whole);
    }
  }
}

}  // namespace

/// Numbers that are negative where something is out of bounds: all that are asked at one width.
struct GuardEngine::SignTests {
  unsigned width;
  std::vector<Share> numbers;
  std::vector<std::size_t> places;
  std::size_t count = 0;

  void add(Share x, std::size_t place) {
    count += x.size();
    numbers.push_back(std::move(x));
    places.push_back(place);
  }
};

/// What waits, as flat Full shares of integers; sums are settled together.
std::vector<Share> GuardEngine::settled_checks() {
  std::vector<Share> out, sums;
  std::vector<std::size_t> where;
  for (const Check& c : checks_) {
    Share x = reshape(inner_.move_point(c.x, static_cast<int>(c.x.frac)), {c.x.size()});
    if (x.form == Form::Sum) {
      where.push_back(out.size());
      sums.push_back(x);
    }
    out.push_back(std::move(x));
  }
  if (sums.empty()) return out;
  const auto list = pointers(sums);
  auto full = split(inner_.settle(join(list)), shapes(sums));
  for (std::size_t i = 0; i < where.size(); ++i) out[where[i]] = std::move(full[i]);
  return out;
}

std::vector<GuardEngine::SignTests> GuardEngine::sign_tests(bool by_place) {
  const std::vector<Share> numbers = settled_checks();
  std::vector<SignTests> classes;
  for (unsigned width : kWidths) classes.push_back({width, {}, {}, 0});
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const Bounds &known = checks_[i].known, &allowed = checks_[i].allowed;
    // Where the bounds allow more than can be, nothing is asked.
    const bool overlap = known.low <= allowed.high && allowed.low <= known.high;
    const Int low = overlap ? std::max(known.low, allowed.low) : allowed.low,
              high = overlap ? std::min(known.high, allowed.high) : allowed.high;
    ensure(low <= high && high - low <= Int{INT64_MAX}, "bounds that signs can tell");
    bool below = known.low<low, above = known.high> high;
    unsigned below_bits = bits_for(known.low - low, known.high - low),
             above_bits = bits_for(high - known.high, high - known.low);
    // A difference that may wrap tells nothing by itself: only both signs together do, of all 64 bits.
    if ((below && below_bits > 64) || (above && above_bits > 64)) {
      below = above = true;
      below_bits = above_bits = 64;
    }
    auto add = [&](unsigned bits, Share x) {
      for (SignTests& c : classes)
        if (bits <= c.width) return c.add(std::move(x), by_place ? checks_[i].place : 0);
    };
    if (below) add(below_bits, inner_.add(numbers[i], known_number(inner_, static_cast<std::int64_t>(-low))));
    if (above)
      add(above_bits,
          inner_.add(inner_.negate(numbers[i]), known_number(inner_, static_cast<std::int64_t>(high))));
  }
  for (std::size_t c = 0; c + 1 < classes.size(); ++c) {
    if (classes[c].count > kFew) continue;
    for (std::size_t i = 0; i < classes[c].numbers.size(); ++i)
      classes[c + 1].add(std::move(classes[c].numbers[i]), classes[c].places[i]);
    classes[c] = {classes[c].width, {}, {}, 0};
  }
  std::erase_if(classes, [](const SignTests& c) { return c.count == 0; });
  return classes;
}

std::optional<GuardEngine::Verdict> GuardEngine::settle_checks(bool by_place) {
  if (waiting() == 0) {
    checks_.clear();
    places_.clear();
    return std::nullopt;
  }
  Verdict out;
  out.numbers = waiting();
  if (by_place) out.places = places_;
  const std::size_t places = by_place ? places_.size() : 1;
  std::vector<std::vector<Share>> inside(places);
  for (const SignTests& tests : sign_tests(by_place)) {
    const auto list = pointers(tests.numbers);
    const Share fine = inner_.bit_not(inner_.msb(join(list), tests.width));
    auto parts = split(fine, shapes(tests.numbers));
    for (std::size_t i = 0; i < parts.size(); ++i) inside[tests.places[i]].push_back(std::move(parts[i]));
  }
  checks_.clear();
  places_.clear();
  std::vector<Share> lists;
  for (auto& of_place : inside) {
    const auto list = pointers(of_place);
    lists.push_back(join(list));
  }
  multiply(inner_, lists, std::max(kCountedEach, kCounted / places));
  const auto list = pointers(lists);
  const Share outside = inner_.to_arith(inner_.bit_not(join(list)), 0);
  const std::size_t most = outside.size();
  std::vector<Share> counts{inner_.sum_runs(outside, most, {1})};
  if (by_place)
    for (const Share& of_place : split(outside, shapes(lists)))
      counts.push_back(inner_.sum_runs(of_place, of_place.size(), {1}));
  const auto counted = pointers(counts);
  out.bits = inner_.msb(inner_.negate(join(counted)), static_cast<unsigned>(std::bit_width(most)) + 1);
  return out;
}

}  // namespace tacit
