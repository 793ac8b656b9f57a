// Byte strings and views of them. Every wire and file format of tacit is little-endian, and so is every
// machine that it runs on (checked here once), so words travel as they lie in memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tacit {

static_assert(std::endian::native == std::endian::little, "tacit's formats assume a little-endian machine");

using Word = std::uint64_t;  ///< one element of the ring Z_2^64
using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using ByteSpan = std::span<std::byte>;

/// The bytes of a contiguous range of trivially copyable values.
template <class T>
ByteView bytes_of(std::span<const T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(values);
}
inline ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends a trivially copyable value (little-endian).
template <class T>
void append(Bytes& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const auto* p = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), p, p + sizeof(T));
}
inline void append_bytes(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

/// Reads a trivially copyable value at `offset`; the caller has checked that it is there.
template <class T>
T read_at(ByteView in, std::size_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, in.data() + offset, sizeof(T));
  return value;
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);
/// The reverse; an empty result for a malformed string.
Bytes from_hex(std::string_view hex);

}  // namespace tacit
