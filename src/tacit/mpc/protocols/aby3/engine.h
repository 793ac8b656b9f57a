// aby3: replicated secret sharing over Z_2^64 among three parties, secure against one passive corruption.
// A value is x = x_0 + x_1 + x_2 (bits: the exclusive or), and party i holds x_i and x_{i+1}.
//
// The sharing and multiplication are those of Araki et al. (CCS 2016) and Mohassel and Rindal, "ABY3" (CCS
// 2018); local products are summed so that the parties need five products for each instead of six.
// Truncation, comparison, selection and table look-up are our own two-against-one protocols:
// docs/protocols/aby3.md has the argument for each. Rounds and bytes are declared in cost.cc.
#pragma once

#include "tacit/mpc/engine.h"

namespace tacit::aby3 {

class Aby3Engine final : public Engine {
 public:
  Aby3Engine(Party& party, const Profile& profile);

  Share input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) override;
  Share constant(const RingTensor& value, Domain domain, unsigned frac) override;
  Share bilinear(const Bilinear& map, const Share& a, const Share& b) override;
  Share trunc(const Share& x, unsigned bits) override;
  Share to_bool(const Share& x, unsigned bits) override;
  Share to_arith(const Share& bit, unsigned frac) override;
  RingTensor open(const Share& x, PartySet to, EngineKey) override;

  std::vector<std::vector<unsigned>> component_sets() const override { return {{0, 1}, {1, 2}, {2, 0}}; }
  Share adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) override;
  RingTensor summand(const Share& x, EngineKey) override;

  Share add_public(const Share& x, std::span<const double> values) override;
  Share bit_not(const Share& x) override;
  Share loosen(const Share& x) override;
  Share settle(const Share& x) override;
  Share msb(const Share& x, unsigned width) override;
  Share select(const Share& bit, const Share& x) override;
  Rectified relu(const Share& x, unsigned width) override;
  Share piecewise(const Share& x, const Piecewise& function, unsigned frac) override;

  PartyId self() const override { return party_.id(); }
  const Compute& compute() const override { return party_.compute(); }
  Meter& meter() override { return party_.meter(); }

 private:
  std::size_t me() const { return index(party_.id()); }
  /// Adds `value` to the one component that counts as public offsets' home.
  void add_to_component(Share& x, const Word* value) const;
  /// One part of a sum of three, masked by a fresh sharing of zero.
  RingTensor masked(const RingTensor& part, Domain domain);
  /// Sign tests on the lowest `width` bits; with `value`, also the products of x with its nonnegative bit.
  void compare(const Share& x, unsigned width, RingTensor* positive, RingTensor* value);

  Party& party_;
  const Profile& profile_;
};

}  // namespace tacit::aby3
