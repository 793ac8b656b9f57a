#include "tacit/gc/garble/gate_hash.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

void GateHash::expand(const Purpose& purpose, std::size_t first, std::size_t count, Schedules& out) const {
  ensure(count <= kChunk, "as many keys as are made at once");
  ensure(purpose.instance >> 32 == 0 && purpose.block >> 32 == 0 && (first + count) >> 31 == 0,
         "more instances, copies or And gates than there are keys");
  Label keys[2 * kChunk];
  for (std::size_t i = 0; i < 2 * count; ++i)
    keys[i] = salt_ ^ Label { purpose.instance << 32 | (2 * first + i), purpose.block << 32 | purpose.use };
  if (out == nullptr) out = std::make_unique_for_overwrite<std::byte[]>(kChunk * kScheduleSize);
  kernels_->expand(words(std::span<const Label>(keys, 2 * count)).data(), out.get(), count);
}

const std::byte* GateKeys::of(std::size_t gate) {
  if (gate < begin_ || gate >= end_) {
    begin_ = gate;
    end_ = std::min(gates_, gate + GateHash::kChunk);
    hash_->expand(purpose_, begin_, end_ - begin_, schedules_);
  }
  return schedules_.get() + (gate - begin_) * kScheduleSize;
}

}  // namespace tacit::gc
