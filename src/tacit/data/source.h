// Byte sources: a file, plain or gzip, read from front to back in bounded memory, so that data may be larger
// than the machine's memory. Damage is reported while reading, at the latest when the end is reached.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "tacit/base/bytes.h"

namespace tacit {

class ByteSource {
 public:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Fills `out` and returns its size; returns less only at the end, and 0 ever after.
  virtual std::size_t read(ByteSpan out) = 0;
  /// What messages call it: the path as it was given, for an archive with the member in brackets.
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

/// The bytes of a file; of a gzip file, which its first two bytes tell, the unpacked ones. UsageError when
/// there is no such regular file (pipes are none), IoError when the machine fails to read it.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path);
/// The bytes [offset, offset + size) of a file as they are.
std::unique_ptr<ByteSource> open_slice(const std::filesystem::path& path, std::uint64_t offset,
                                       std::uint64_t size);

enum class Packing { Gzip, Deflate };  ///< Deflate: bare, as in a zip file
/// Unpacks as it is read. UsageError when the packed bytes are damaged, cut short, followed by others, or
/// grow so much that they look made to exhaust the machine.
std::unique_ptr<ByteSource> unpacked(std::unique_ptr<ByteSource> packed, Packing packing);

/// Fills `out`, or UsageError: "<name> ends within <what>; ...".
void read_exactly(ByteSource& source, ByteSpan out, std::string_view what);
/// Passes over `count` bytes, with the same error.
void skip_bytes(ByteSource& source, std::uint64_t count, std::string_view what);

}  // namespace tacit
