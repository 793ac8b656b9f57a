// plain: no secrecy at all, one party, and no messages. The reference for every other engine, and the
// template of one. In fixed-point mode it computes on ring elements with truncation that rounds halves up; in
// double mode the words are IEEE doubles and nothing is rounded.
#pragma once

#include "tacit/mpc/engine.h"

namespace tacit::plain {

class PlainEngine : public Engine {
 public:
  explicit PlainEngine(const Compute& compute) : compute_(compute) {}

  Share input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) override;
  Share constant(const RingTensor& value, Domain domain, unsigned frac) override;
  Share bilinear(const Bilinear& map, const Share& a, const Share& b) override;
  Share trunc(const Share& x, unsigned bits) override;
  Share to_bool(const Share& x, unsigned bits) override;
  Share to_arith(const Share& bit, unsigned frac) override;
  RingTensor open(const Share& x, PartySet to, EngineKey) override;

  std::vector<std::vector<unsigned>> component_sets() const override { return {{0}}; }
  Share adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) override;
  RingTensor summand(const Share& x, EngineKey) override { return x.parts[0]; }

  Share add_public(const Share& x, std::span<const double> values) override;
  Share bit_not(const Share& x) override;
  Share loosen(const Share& x) override;
  Share settle(const Share& x) override;
  Share msb(const Share& x, unsigned width) override;
  Share piecewise(const Share& x, const Piecewise& function, unsigned frac) override;

  PartyId self() const override { return party_id(0); }
  const Compute& compute() const override { return compute_; }
  Meter& meter() override { return meter_; }

 protected:
  virtual Field field() const { return Field::Ring; }

 private:
  Compute compute_;
  Meter meter_;
};

class DoubleEngine final : public PlainEngine {
 public:
  using PlainEngine::PlainEngine;

  Share trunc(const Share& x, unsigned bits) override;
  Share to_arith(const Share& bit, unsigned frac) override;
  Share msb(const Share& x, unsigned width) override;
  Share piecewise(const Share& x, const Piecewise& function, unsigned frac) override;

  Words encode(std::span<const double> values, unsigned frac) const override;
  std::vector<double> decode(std::span<const Word> words, unsigned frac) const override;
  Share add(const Share& a, const Share& b) override;
  Share sub(const Share& a, const Share& b) override;
  Share negate(const Share& x) override;
  Share scale(const Share& x, std::int64_t factor) override;
  Share scale_each(const Share& x, std::span<const double> factors, unsigned frac) override;
  Share move_point(const Share& x, int k) override;
  Share lift(const Share& x, unsigned bits) override;
  Share sum_runs(const Share& x, std::size_t length, Shape shape) override;
  Share add_public(const Share& x, std::span<const double> values) override;

 protected:
  Field field() const override { return Field::Double; }
};

}  // namespace tacit::plain
