// The part of the zip format that NPZ files use: members stored or deflated, found by the directory at the
// file's end, with the 64-bit fields of large archives. Sizes and checksums are verified while reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tacit/data/source.h"

namespace tacit {

struct ZipMember {
  std::string name;
  std::uint64_t header_offset = 0;  ///< of its own header in the file
  std::uint64_t packed_size = 0, size = 0;
  std::uint32_t crc = 0;
  bool deflated = false;
};

/// All members; UsageError when the file is no zip archive, damaged, or encrypted.
std::vector<ZipMember> read_zip_directory(const std::filesystem::path& path);
/// The member's unpacked bytes.
std::unique_ptr<ByteSource> open_zip_member(const std::filesystem::path& path, const ZipMember& member);

}  // namespace tacit
