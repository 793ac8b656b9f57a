// Known answers for BFV under a known key. Made by tests/vectors/bfv.py, which says how.
#pragma once

#include <cstddef>

#include "tacit/base/bytes.h"

namespace tacit::he {

struct BfvAnswer {
  std::size_t degree;
  Word plain;
  /// SHA-256 of coefficients, limb after limb.
  const char *c0, *c1, *product;
};

inline constexpr BfvAnswer kBfvAnswers[] = {
    {4096, 65537, "ed336ed4489a92ab917df20a17cc97502c67af368f45aa12409bf51ffba62d81",
     "74d575d4eec0b01e103fdf624f88f46bb70f924e5cb0853ac1b83e09a653f56f",
     "c67ced2a292f0c35ef0bd0271ca9e137197d9b660f7c780b3514462f0ca5216b"},
    {8192, 68719476736, "81bea50d283c43fe7cdd497c77ec0b47529ecdc93f038a6738298a06cf659a3f",
     "3f652d9e42a664032689289f0800c6d8760e768ac5d2ed5427effab2e61a5624",
     "a0fc6ffedb7226289ef51215328e39ea39ddf1234c3d4774b4b9f8afdce0a7fd"},
};

}  // namespace tacit::he
