// A sealed file of which nobody can change a byte, as it lies in memory: what is read again and again need
// not be copied first. It is as encrypted as the file, and neither locked nor secret.
#pragma once

#include "tacit/crypto/sealed_chunks.h"

namespace tacit::sealed {

class MappedFile {
 public:
  /// Of an unchangeable file of `size` bytes. Maps nothing where the system does not let it: bytes() is empty
  /// then.
  MappedFile(const OpenFile& file, std::uint64_t size);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  ByteView bytes() const { return bytes_; }

 private:
  ByteView bytes_;
};

}  // namespace tacit::sealed
