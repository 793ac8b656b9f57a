// What the conformance suite demands of one row of its table. For tests only.
#pragma once

#include "tacit/nn/testing/op_case.h"

namespace tacit::nn::testing {

/// Checks rows, with gtest's expectations:
///   on doubles, the result is the reference's and gradients are those of central differences;
///   on fixed point and on aby3 in each profile, results and gradients are those of doubles within the row's
///   bounds; on aby3, what each party sends and the rounds are those that an engine counts which only adds
///   up.
/// Returns how many derivatives were compared with differences.
std::size_t check(const std::vector<OpCase>& rows);

}  // namespace tacit::nn::testing
