// The tree of digests against its definition.
#include "tacit/sealed/merkle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tacit::sealed {
namespace {

/// MTH of RFC 6962, as it is defined.
Digest defined(std::span<const Digest> leaves) {
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  Bytes both{std::byte{1}};
  for (const Digest& d : {defined(leaves.first(k)), defined(leaves.subspan(k))}) append_bytes(both, d);
  return sha256(both);
}

TEST(Merkle, IsTheTreeOfTheRfc) {
  EXPECT_EQ(to_hex(leaf_digest({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  std::vector<Digest> leaves;
  std::vector<Digest> roots;
  for (std::size_t n = 1; n <= 70; ++n) {
    leaves.push_back(leaf_digest(bytes_of(std::to_string(n))));
    roots.push_back(merkle_root(leaves));
    EXPECT_EQ(roots.back(), defined(leaves)) << n;
    for (std::size_t i = 0; i + 1 < roots.size(); ++i) EXPECT_NE(roots[i], roots.back());
  }
  std::swap(leaves[3], leaves[40]);
  EXPECT_NE(merkle_root(leaves), roots.back());
}

}  // namespace
}  // namespace tacit::sealed
