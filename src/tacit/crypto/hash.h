// SHA-256, by OpenSSL, whole or piece by piece; and comparison in constant time.
#pragma once

#include <array>
#include <memory>

#include "tacit/base/bytes.h"

namespace tacit {

using Digest = std::array<std::byte, 32>;

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher& update(ByteView data);
  Digest finish();  ///< once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(ByteView data);
inline std::string to_hex(const Digest& digest) { return to_hex(ByteView(digest)); }
/// True when equal; the time depends on the lengths alone.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace tacit
