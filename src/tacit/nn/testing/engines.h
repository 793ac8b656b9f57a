// Tests of networks run on every engine: shares of given numbers, opened results, and what happened between
// the two in rounds and bytes. For tests only.
#pragma once

#include "tacit/mpc/testing/conformance.h"
#include "tacit/nn/ops/op.h"

namespace tacit::nn::testing {

constexpr unsigned kFrac = 16;

/// Shared by the first party.
Secret<Real> share(Ctx&, const PublicTensor&);
PublicTensor open(Ctx&, const Secret<Real>&);

/// Calls `body` on plain fixed-point numbers.
void on_fixed(const std::function<void(Ctx&)>& body);
/// ... on doubles.
void on_doubles(const std::function<void(Ctx&)>& body);
/// ... at the three parties of aby3, in each profile.
void on_aby3(const std::function<void(Ctx&, Party&, const Profile&)>& body);
/// ... on an engine that counts what that party of aby3 would send.
void on_dry(PartyId self, const Profile&, const std::function<void(Ctx&)>& body);

/// What a piece of work costs one party. Clocks are brought together before and after.
Cost cost_at(Party&, const std::function<void()>& work);
/// What the engine of on_dry counts of it.
Cost dry_cost(Ctx& dry, const std::function<void()>& work);

/// What is around the part of a piece of work that counts: a call of it, by default.
using Around = std::function<void(const std::function<void()>& work)>;
inline void just(const std::function<void()>& work) { work(); }
/// At aby3: that its part costs what is counted of the same body. Values of the dry run are zeros.
void expect_declared_cost(Party&, const Profile&, Ctx&, const std::function<void(Ctx&, const Around&)>& body);

}  // namespace tacit::nn::testing
