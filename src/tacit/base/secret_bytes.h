// A buffer for keys and other plain secrets: move-only, zeroed before its memory is given back, and kept out
// of core dumps and swap where the machine lets us. Shares need none of this: a share alone is uniform.
#pragma once

#include <cstddef>
#include <span>

#include "tacit/base/bytes.h"

namespace tacit {

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);
  explicit SecretBytes(ByteView copy_of);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  std::size_t size() const { return size_; }
  ByteSpan bytes() { return {data_, size_}; }
  ByteView bytes() const { return {data_, size_}; }

 private:
  void release() noexcept;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tacit
