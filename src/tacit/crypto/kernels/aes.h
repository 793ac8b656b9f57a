// AES-128, one compilation an instruction set: counter mode for the generator, and a hash of blocks.
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

/// out[i] = E(E(in[i]) ^ t) ^ E(in[i]) for t = (first + i, tweak); `in` may be `out`.
using AesHashKernel = void (*)(const std::byte* round_keys, std::uint64_t tweak, std::uint64_t first,
                               const Word* in, Word* out, std::size_t blocks);
std::vector<AesHashKernel> aes_hash_kernels(Isa isa);

/// The eleven round keys (176 bytes) of a key of 16.
void expand_aes_key(const std::byte* key, std::byte* round_keys);

}  // namespace tacit
