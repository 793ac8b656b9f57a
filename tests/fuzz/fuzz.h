// What every fuzz target shares. A target is one function over bytes from outside; it must come back, or
// throw one of the four documented exceptions. Anything else, a sanitizer's word, or memory beyond the limits
// of run.py, is a finding.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tacit/base/bytes.h"
#include "tacit/crypto/identity.h"
#include "tacit/net/transports/socket.h"

namespace tacit::fuzz {

// ---- each target defines these two
void target(ByteView input);
/// Inputs to begin from, written into the corpus folder at the start.
std::vector<std::string> seeds();

/// A file that lives in memory, to be read under a path.
class MemoryFile {
 public:
  MemoryFile();
  /// The file with this content, and nothing else.
  const std::filesystem::path& holding(ByteView content);

 private:
  FileDescriptor file_;
  std::filesystem::path path_;
};

/// Takes numbers from the front of an input; zeros behind its end.
class Cursor {
 public:
  explicit Cursor(ByteView input) : left_(input) {}
  std::uint8_t byte();
  std::size_t number();  ///< of 16 bits
  ByteView bytes(std::size_t most);
  ByteView rest() { return bytes(left_.size()); }
  bool done() const { return left_.empty(); }

 private:
  ByteView left_;
};

/// The same identity in every run, so that a finding can be run again.
const Identity& fixed_identity();

}  // namespace tacit::fuzz
