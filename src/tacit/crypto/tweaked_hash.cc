#include "tacit/crypto/tweaked_hash.h"

#include "tacit/base/error.h"

namespace tacit {

TweakedHash::TweakedHash(AesHashKernel kernel) : kernel_(kernel) {
  constexpr std::string_view kKey = "tacit fixed key.";
  static_assert(kKey.size() == 16);
  expand_aes_key(bytes_of(kKey).data(), round_keys_);
}

void TweakedHash::hash(std::uint64_t tweak, std::uint64_t first, std::span<const Word> in,
                       std::span<Word> out) const {
  ensure(in.size() == out.size() && in.size() % 2 == 0, "whole blocks");
  kernel_(round_keys_, tweak, first, in.data(), out.data(), in.size() / 2);
}

}  // namespace tacit
