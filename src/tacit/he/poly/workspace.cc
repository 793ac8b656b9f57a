#include "tacit/he/poly/workspace.h"

#include <string.h>

#include <algorithm>

namespace tacit::he {

namespace {
constexpr std::size_t kLine = 64, kLeast = std::size_t{1} << 19;
}

std::byte* Workspace::take_bytes(std::size_t size) {
  size = (size + kLine - 1) / kLine * kLine;
  // A block that is too short is left as it is until its scope ends.
  while (block_ < blocks_.size() && blocks_[block_].size() - used_ < size) ++block_, used_ = 0;
  if (block_ == blocks_.size()) blocks_.emplace_back(std::max(size, kLeast));
  std::byte* out = blocks_[block_].bytes().data() + used_;
  used_ += size;
  return out;
}

void Workspace::give_back(std::size_t block, std::size_t used) noexcept {
  for (std::size_t b = block; b <= block_ && b < blocks_.size(); ++b) {
    const std::size_t from = b == block ? used : 0, to = b == block_ ? used_ : blocks_[b].size();
    explicit_bzero(blocks_[b].bytes().data() + from, to - from);
  }
  block_ = block;
  used_ = used;
}

}  // namespace tacit::he
