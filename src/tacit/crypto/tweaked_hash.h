// A tweakable, circular correlation robust hash of 16-byte blocks, as garbling and oblivious transfer need
// it: from one fixed permutation E, H(x, t) = E(E(x) ^ t) ^ E(x) (Guo, Katz, Wang, Yu, "Efficient and secure
// multiparty computation from fixed-key block ciphers", 2020, section 7.4, TMMO). Security: in the
// ideal-permutation model, where each (tweak, offset) serves few inputs.
#pragma once

#include "tacit/base/cpu.h"
#include "tacit/crypto/kernels/aes.h"

namespace tacit {

class TweakedHash {
 public:
  /// E is AES-128 under a fixed key that everybody knows.
  explicit TweakedHash(Isa isa = detect_isa()) : TweakedHash(aes_hash_kernels(isa).front()) {}
  explicit TweakedHash(AesHashKernel kernel);

  /// out[i] = H(in[i], (first + i, tweak)) for blocks of two words each; `in` may be `out`.
  void hash(std::uint64_t tweak, std::uint64_t first, std::span<const Word> in, std::span<Word> out) const;

 private:
  std::byte round_keys_[176];
  AesHashKernel kernel_;
};

}  // namespace tacit
