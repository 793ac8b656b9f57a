// OpenSSL's bytes are unsigned chars, ours are std::byte.
#pragma once

#include <cstddef>

namespace tacit {

inline unsigned char* raw(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }
inline const unsigned char* raw(const std::byte* p) { return reinterpret_cast<const unsigned char*>(p); }

}  // namespace tacit
