#include "tacit/sealed/merkle.h"

#include <vector>

#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

constexpr std::byte kLeaf[] = {std::byte{0}}, kNode[] = {std::byte{1}};

}  // namespace

Digest leaf_digest(ByteView chunk) {
  Hasher hasher;
  hasher.update(kLeaf).update(chunk);
  return hasher.finish();
}

Digest merkle_root(std::span<const Digest> leaves) {
  ensure(!leaves.empty(), "a tree has a leaf");
  std::vector<Digest> row(leaves.begin(), leaves.end());
  // Pairs from the left, and what is left over goes up as it is: the RFC's tree, row by row.
  while (row.size() > 1) {
    std::size_t out = 0;
    for (std::size_t i = 0; i + 1 < row.size(); i += 2) {
      Hasher hasher;
      hasher.update(kNode).update(row[i]).update(row[i + 1]);
      row[out++] = hasher.finish();
    }
    if (row.size() % 2 == 1) row[out++] = row.back();
    row.resize(out);
  }
  return row.front();
}

}  // namespace tacit::sealed
