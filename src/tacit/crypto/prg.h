// The pseudorandom generator: AES-128 in counter mode, read as numbered streams of 64-bit words that can be
// entered at any word. The block under the key is (stream number, block number), so two streams never meet.
// Security: indistinguishable from uniform to 2^-40 while one key serves fewer than 2^44 blocks (PRP/PRF
// switching), that is 256 TiB; keys are fresh every session.
#pragma once

#include <cstdint>
#include <memory>

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/kernels/aes.h"

namespace tacit {

class Stream;

class Prg {
 public:
  static constexpr std::size_t kKeySize = 16;
  Prg(ByteView key, Isa isa);
  Prg(ByteView key, AesKernel kernel);
  /// Words [first, first + out.size()) of stream number `stream`.
  void fill(std::uint64_t stream, std::uint64_t first, std::span<Word> out) const;

 private:
  SecretBytes round_keys_;
  AesKernel blocks_;
};

/// One numbered stream of a generator. Move-only: whoever holds it is its one user.
class Stream {
 public:
  Stream(std::shared_ptr<const Prg> prg, std::uint64_t number) : prg_(std::move(prg)), number_(number) {}
  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  void fill(std::uint64_t first, std::span<Word> out) const { prg_->fill(number_, first, out); }

 private:
  std::shared_ptr<const Prg> prg_;
  std::uint64_t number_;
};

}  // namespace tacit
