// AES-128 counter mode for the generator, one compilation an instruction set.
#pragma once

#include <vector>

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit {

/// Writes `blocks` 16-byte blocks: the encryption of (first_block + i, stream) for i = 0, 1, ...
using AesKernel = void (*)(const std::byte* round_keys, std::uint64_t stream, std::uint64_t first_block,
                           Word* out, std::size_t blocks);
/// All that this machine runs of one instruction set, the best first.
std::vector<AesKernel> aes_kernels(Isa isa);

}  // namespace tacit
