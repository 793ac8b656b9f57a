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

}  // namespace tacit::nn::testing
