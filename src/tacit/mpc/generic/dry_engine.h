// An engine that computes nothing and counts what a protocol declares: shares have shapes and no parts.
// Whatever runs on an engine can be run on this one, to know its rounds and bytes without data or peers. It
// follows the logical clocks of all parties, which are not the same after something was opened to some of
// them.
#pragma once

#include <memory>
#include <vector>

#include "tacit/mpc/engine.h"

namespace tacit {

/// The declared cost of each operation of a protocol that communicates.
class ProtocolCosts {
 public:
  virtual ~ProtocolCosts() = default;
  virtual std::size_t parties() const = 0;
  virtual OpCost input(std::size_t owner, std::size_t n) const = 0;
  virtual OpCost open(PartySet to, std::size_t words, Form form) const = 0;
  virtual OpCost settle(std::size_t words) const = 0;
  virtual OpCost bit_and(std::size_t words) const = 0;
  virtual OpCost trunc(Form form, std::size_t n, unsigned bits) const = 0;
  virtual OpCost to_bool(std::size_t n, unsigned bits) const = 0;
  virtual OpCost to_arith(std::size_t n) const = 0;
  virtual OpCost msb(std::size_t n, unsigned width) const = 0;
  virtual OpCost relu(std::size_t n, unsigned width) const = 0;
  virtual OpCost select(std::size_t n) const = 0;
  virtual OpCost piecewise(std::size_t n, const Piecewise& function, unsigned frac) const = 0;
};

class DryEngine final : public Engine {
 public:
  /// Counts what party `self` sends.
  DryEngine(std::unique_ptr<ProtocolCosts> costs, PartyId self, const Compute& compute)
      : costs_(std::move(costs)), self_(self), compute_(compute), ahead_(costs_->parties(), 0) {}

  // What parties say to one another beside operations.
  /// Each tells each other one so many bytes: one round (Party::tell_all).
  void tell_all(std::size_t bytes);
  /// This party sends so many bytes to somebody who is no party; all parties do.
  void tell_outsider(std::size_t bytes) { meter_.count_more(bytes, 0); }
  /// All parties hear somebody who is no party, at that depth of the clock.
  void hear_outsider(std::uint32_t depth);
  /// The deepest clock of all parties.
  std::uint32_t deepest() const;
  /// How far each party's clock is ahead of this one's; behind, where it is negative.
  const std::vector<std::int64_t>& ahead() const { return ahead_; }
  /// Goes on from other distances, when what lies between is known and not run.
  void set_ahead(std::vector<std::int64_t> ahead) { ahead_ = std::move(ahead); }

  Share input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) override;
  Share constant(const RingTensor& value, Domain domain, unsigned frac) override;
  Share bilinear(const Bilinear& map, const Share& a, const Share& b) override;
  Share trunc(const Share& x, unsigned bits) override;
  Share to_bool(const Share& x, unsigned bits) override;
  Share to_arith(const Share& bit, unsigned frac) override;
  RingTensor open(const Share& x, PartySet to, EngineKey) override;
  std::vector<std::vector<unsigned>> component_sets() const override;
  Share adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) override;
  RingTensor summand(const Share& x, EngineKey) override;
  Share add_public(const Share& x, std::span<const double> values) override;
  Share bit_not(const Share& x) override { return x; }
  Share loosen(const Share& x) override;
  Share settle(const Share& x) override;
  Share msb(const Share& x, unsigned width) override;
  Share select(const Share& bit, const Share& x) override;
  Rectified relu(const Share& x, unsigned width) override;
  Share piecewise(const Share& x, const Piecewise& function, unsigned frac) override;

  PartyId self() const override { return self_; }
  const Compute& compute() const override { return compute_; }
  Meter& meter() override { return meter_; }

 private:
  void pay(const OpCost& cost);
  /// One round in which some parties hear others.
  void hear(PartySet who, Hears whom);
  /// This party's clock moves to where `ahead_` has it.
  void catch_up();
  /// What it costs to have x as a Full share.
  void pay_settled(const Share& x);

  std::unique_ptr<ProtocolCosts> costs_;
  PartyId self_;
  Compute compute_;
  Meter meter_;
  std::vector<std::int64_t> ahead_;
};

}  // namespace tacit
