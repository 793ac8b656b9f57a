#include "tacit/data/idx.h"

#include <array>

#include "tacit/base/error.h"

namespace tacit {

namespace {

ElementType element_type(unsigned code, const std::string& file) {
  switch (code) {
    case 0x08:
      return ElementType::U8;
    case 0x09:
      return ElementType::I8;
    case 0x0B:
      return ElementType::I16;
    case 0x0C:
      return ElementType::I32;
    case 0x0D:
      return ElementType::F32;
    case 0x0E:
      return ElementType::F64;
    default:
      throw UsageError(
          fmt::format("{} has elements of an unknown IDX type 0x{:02x}; is it an IDX file?", file, code));
  }
}

}  // namespace

ArrayHeader read_idx_header(ByteSource& source) {
  std::array<std::byte, 4> start;
  read_exactly(source, start, "its IDX header");
  require(start[0] == std::byte{0} && start[1] == std::byte{0},
          "{} is not an IDX file: it does not begin with two zero bytes", source.name());
  ArrayHeader header;
  header.type = element_type(std::to_integer<unsigned>(start[2]), source.name());
  header.big_endian = true;
  for (unsigned axes = std::to_integer<unsigned>(start[3]); axes > 0; --axes) {
    std::array<std::byte, 4> extent;
    read_exactly(source, extent, "its IDX header");
    std::size_t value = 0;
    for (const std::byte b : extent) value = value << 8 | std::to_integer<std::size_t>(b);
    header.shape.push_back(value);
  }
  return header;
}

ArrayReader open_idx(const std::filesystem::path& path) {
  return ArrayReader([path] { return open_bytes(path); }, read_idx_header);
}

}  // namespace tacit
