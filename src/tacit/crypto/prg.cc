#include "tacit/crypto/prg.h"

#include "tacit/base/error.h"

namespace tacit {

Prg::Prg(ByteView key, Isa isa) : Prg(key, aes_kernels(isa).front()) {}

Prg::Prg(ByteView key, AesKernel kernel) : round_keys_(176), blocks_(kernel) {
  ensure(key.size() == kKeySize, "a generator's key has 16 bytes");
  expand_aes_key(key.data(), round_keys_.bytes().data());
}

void Prg::fill(std::uint64_t stream, std::uint64_t first, std::span<Word> out) const {
  const std::byte* keys = round_keys_.bytes().data();
  Word pair[2];
  if (first % 2 == 1 && !out.empty()) {
    blocks_(keys, stream, first / 2, pair, 1);
    out[0] = pair[1];
    out = out.subspan(1);
    ++first;
  }
  blocks_(keys, stream, first / 2, out.data(), out.size() / 2);
  if (out.size() % 2 == 1) {
    blocks_(keys, stream, (first + out.size()) / 2, pair, 1);
    out.back() = pair[0];
  }
}

}  // namespace tacit
