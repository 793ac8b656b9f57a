// An engine around another one that sees to it that no number wraps unnoticed. It changes no result: it keeps
// bounds of every share (mpc/bounds.h), carries them through every operation by interval arithmetic, and
// wherever they do not rule out that an exact result leaves the ring, or an operation its domain, it notes
// the operand to be checked. settle_checks() checks all that was noted and leaves one bit.
//
// Sound: docs/overflow-guard.md has the argument. Costs: sign tests of 64 bits or fewer, two a number at
// most, and about 20 rounds a call of settle_checks, whatever the number of checks.
//
// For engines over the ring. What is checked follows from shapes, public numbers and bounds, so all parties
// check the same, and an engine that only counts (dry_engine.h) can be guarded, too.
#pragma once

#include <map>
#include <string>

#include "tacit/mpc/engine.h"

namespace tacit {

class GuardEngine final : public Engine {
 public:
  explicit GuardEngine(Engine& inner) : inner_(inner) {}

  /// Whether what is computed from now on is guarded; not at first. Nothing may wait to be checked.
  void watch(bool on);
  bool watching() const { return on_; }
  /// Numbers that wait to be checked.
  std::size_t waiting() const;

  /// At each place, the bits (sign included) of the largest exact result that bounds allow there, before
  /// anything is checked: 63 can be truncated, 64 fit the ring, and what is more may wrap. Since the last
  /// call of watch().
  const std::map<std::string, unsigned>& widest() const { return widest_; }

  /// What a check came to.
  struct Verdict {
    Share bits;  ///< [1], whether any number left its range; or [1 + places], and whether one did at each
    std::vector<std::string> places;  ///< where: paths of the meter's scopes; empty unless asked for
    std::size_t numbers = 0;          ///< that were checked
  };
  /// Checks what waits. Nothing, if nothing does.
  std::optional<Verdict> settle_checks(bool by_place);

  Share input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) override;
  Share constant(const RingTensor& value, Domain domain, unsigned frac) override;
  Share bilinear(const Bilinear& map, const Share& a, const Share& b) override;
  Share trunc(const Share& x, unsigned bits) override;
  Share to_bool(const Share& x, unsigned bits) override { return inner_.to_bool(x, bits); }
  Share to_arith(const Share& bit, unsigned frac) override;
  RingTensor open(const Share& x, PartySet to, EngineKey key) override { return inner_.open(x, to, key); }

  std::vector<std::vector<unsigned>> component_sets() const override { return inner_.component_sets(); }
  Share adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) override;
  RingTensor summand(const Share& x, EngineKey key) override { return inner_.summand(x, key); }
  void verify() override { inner_.verify(); }
  Share expect(Share x, const Bounds& bounds) override;
  Share bilinear_within(const Bilinear& map, const Share& a, const Share& b, const Bounds& bounds) override;

  Words encode(std::span<const double> values, unsigned frac) const override {
    return inner_.encode(values, frac);
  }
  std::vector<double> decode(std::span<const Word> words, unsigned frac) const override {
    return inner_.decode(words, frac);
  }
  Share add(const Share& a, const Share& b) override;
  Share sub(const Share& a, const Share& b) override;
  Share negate(const Share& x) override;
  Share scale(const Share& x, std::int64_t factor) override;
  Share scale_each(const Share& x, std::span<const double> factors, unsigned frac) override;
  Share add_public(const Share& x, std::span<const double> values) override;
  Share move_point(const Share& x, int k) override;
  Share lift(const Share& x, unsigned bits) override;
  Share sum_runs(const Share& x, std::size_t length, Shape shape) override;
  Share bit_xor(const Share& a, const Share& b) override { return inner_.bit_xor(a, b); }
  Share bit_not(const Share& x) override { return inner_.bit_not(x); }
  Share loosen(const Share& x) override;
  Share settle(const Share& x) override;
  Share msb(const Share& x, unsigned width) override;
  Share select(const Share& bit, const Share& x) override;
  Rectified relu(const Share& x, unsigned width) override;
  Share piecewise(const Share& x, const Piecewise& function, unsigned frac) override;

  PartyId self() const override { return inner_.self(); }
  const Compute& compute() const override { return inner_.compute(); }
  Meter& meter() override { return inner_.meter(); }

 private:
  /// An operand that waits: `known` of it when it was noted, and what it must lie within.
  struct Check {
    Share x;
    Bounds known, allowed;
    std::size_t place;
  };
  struct SignTests;
  /// An interval of integers that may be too large for the ring.
  struct Wide;

  static Bounds of(const Share& x) { return x.bounds == nullptr ? Bounds() : *x.bounds; }
  /// Notes x to be checked unless its bounds lie within `allowed`; they do afterwards.
  Bounds hold(const Share& x, const Bounds& allowed);
  /// Holds both operands to bounds under which a sum of so many of their products stays in kProduct.
  void hold_factors(const Share& a, const Share& b, std::size_t terms);
  /// x times a public number between two.
  Bounds times(const Share& x, const Bounds& factor);
  Bounds plus(const Share& a, const Share& b, bool minus);
  void note_width(long double largest);
  /// `out` with these bounds, or, while nothing is watched, with none that say anything.
  Share bounded(Share out, const Bounds& bounds) const;

  std::vector<Share> settled_checks();
  std::vector<SignTests> sign_tests(bool by_place);

  Engine& inner_;
  bool on_ = false;
  std::vector<Check> checks_;
  std::vector<std::string> places_;
  std::map<std::string, unsigned> widest_;
};

}  // namespace tacit
