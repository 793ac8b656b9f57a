// What the operations of aby3 cost, declared; the conformance suite holds the engine to it. Payload is per
// party, for a session of three.
#pragma once

#include "tacit/mpc/generic/dry_engine.h"

namespace tacit::aby3 {

/// Whether truncation takes 2 rounds and more bytes, or 3 rounds and fewer.
bool trunc_is_fast(Form form, std::size_t n, const Profile& profile);
/// Elements that a comparison takes in one go; more are done group after group.
constexpr std::size_t kCompareGroup = 3 * 64 * 512;

OpCost cost_input(std::size_t owner, std::size_t n);
OpCost cost_settle(std::size_t words);
OpCost cost_open(std::uint32_t to, std::size_t words, Form form);
OpCost cost_trunc(Form form, std::size_t n, unsigned bits, const Profile& profile);
/// Comparison alone (msb), or with the product (relu).
OpCost cost_compare(std::size_t n, unsigned width, bool with_value, const Profile& profile);
OpCost cost_select(std::size_t n);
OpCost cost_to_arith(std::size_t n);
OpCost cost_to_bool(std::size_t n, unsigned bits);
/// Fractional digits of a piecewise function's value before it is truncated.
unsigned piecewise_digits(const Piecewise& function);
OpCost cost_piecewise(std::size_t n, const Piecewise& function, unsigned frac, const Profile& profile);

/// All of them behind the interface that DryEngine counts with.
std::unique_ptr<ProtocolCosts> make_costs(const Profile& profile);

}  // namespace tacit::aby3
