// An engine that computes nothing and counts what a protocol declares: shares have shapes and no parts.
// Whatever runs on an engine can be run on this one, to know its rounds and bytes without data or peers.
#pragma once

#include <memory>

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
      : costs_(std::move(costs)), self_(self), compute_(compute) {}

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
  /// What it costs to have x as a Full share.
  void pay_settled(const Share& x);

  std::unique_ptr<ProtocolCosts> costs_;
  PartyId self_;
  Compute compute_;
  Meter meter_;
};

}  // namespace tacit
