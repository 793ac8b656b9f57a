#include "tacit/ot/silent/place_check.h"

#include "tacit/base/error.h"
#include "tacit/crypto/prg.h"
#include "tacit/ot/gf128.h"

namespace tacit::ot {

PlaceCheck::PlaceCheck(ByteView seed, unsigned depth, std::size_t trees, Isa isa)
    : kernels_(ot_kernels(isa)),
      depth_(depth),
      levels_(depth),
      trees_(trees),
      weights_(std::size_t{1} << depth) {
  const Prg prg(seed, isa);
  prg.fill(0, 0, words(std::span(levels_)));
  prg.fill(1, 0, words(std::span(trees_)));
  weights_[0] = {1, 0};
  for (std::size_t l = 0; l < depth; ++l)
    for (std::size_t j = 0; j < std::size_t{1} << l; ++j)
      weights_[j | std::size_t{1} << l] = multiply(kernels_, weights_[j], levels_[l]);
}

Block PlaceCheck::sum(std::span<const Block> leaves) const {
  ensure(leaves.size() == trees_.size() << depth_, "all leaves of all trees");
  std::vector<Block> sums;
  for (std::size_t t = 0; t < trees_.size(); ++t)
    sums.push_back(inner_product(kernels_, leaves.subspan(t << depth_, weights_.size()), weights_));
  return inner_product(kernels_, sums, trees_);
}

Block PlaceCheck::at(std::span<const Word> places) const {
  ensure(places.size() == trees_.size(), "a place for every tree");
  Block out;
  for (std::size_t t = 0; t < trees_.size(); ++t) {
    Block weight = trees_[t];
    for (std::size_t l = 0; l < depth_; ++l) {
      const Block factor = Block{1, 0} ^ ((Block{1, 0} ^ levels_[l]) & (places[t] >> l & 1));
      weight = multiply(kernels_, weight, factor);
    }
    out = out ^ weight;
  }
  return out;
}

Block PlaceCheck::mask(const OtKernels& kernels, std::span<const Block> blocks) {
  ensure(blocks.size() == kTransfers, "a transfer for every bit of a mask");
  std::vector<Block> powers(kTransfers);
  for (std::size_t i = 0; i < kTransfers; ++i)
    (i < 64 ? powers[i].low : powers[i].high) = Word{1} << (i % 64);
  return inner_product(kernels, blocks, powers);
}

Digest place_digest(Block sum) {
  return Hasher().update(bytes_of("tacit places")).update(std::as_bytes(std::span(&sum, 1))).finish();
}

}  // namespace tacit::ot
