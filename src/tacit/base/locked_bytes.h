// A buffer for secrets that must not reach a disk at all: where SecretBytes (secret_bytes.h) asks the machine
// for locked memory and goes on without, this one refuses. It is left out of core dumps, empty in children,
// and zeroed before it goes.
#pragma once

#include "tacit/base/bytes.h"

namespace tacit {

class LockedBytes {
 public:
  /// IoError, with the command that helps, if this machine does not lock so much, or leaves it in dumps.
  explicit LockedBytes(std::size_t size);
  LockedBytes(LockedBytes&& other) noexcept;
  LockedBytes& operator=(LockedBytes&& other) = delete;
  ~LockedBytes();

  std::size_t size() const { return size_; }
  ByteSpan bytes() { return {data_, size_}; }
  void zero();

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0, mapped_ = 0;
};

}  // namespace tacit
