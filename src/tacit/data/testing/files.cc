#include "tacit/data/testing/files.h"

#include <stdlib.h>
#include <zlib.h>

#include <fstream>
#include <iterator>

#include "tacit/base/bytes.h"

namespace tacit::testing {

namespace {

std::string packed(std::string_view content, int window_bits) {
  z_stream zlib{};
  ensure(deflateInit2(&zlib, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib starts");
  std::string out(deflateBound(&zlib, content.size()), '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  zlib.avail_in = static_cast<uInt>(content.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  ensure(deflate(&zlib, Z_FINISH) == Z_STREAM_END, "all fits the bound");
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

template <class... Values>
std::string words(Values... values) {
  Bytes out;
  (append(out, values), ...);
  return std::string(text_of(out));
}

std::uint32_t u32(std::size_t value) { return static_cast<std::uint32_t>(value); }
std::uint16_t u16(std::size_t value) { return static_cast<std::uint16_t>(value); }

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "tacit-data-XXXXXX").string();
  ensure(mkdtemp(name.data()) != nullptr, "a scratch folder");
  folder_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::filesystem::path ScratchFolder::write(std::string_view name, std::string_view content) const {
  std::filesystem::remove(path(name));  // some file systems make replacing a file slow, and tests do it often
  std::ofstream out(path(name), std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  ensure(out.good(), "a scratch file is written");
  return path(name);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string gzipped(std::string_view content) { return packed(content, MAX_WBITS + 16); }

std::string zipped(const std::vector<ZipPart>& parts, bool zip64) {
  const std::uint32_t marked = UINT32_MAX;
  std::string out, directory;
  for (const ZipPart& part : parts) {
    const std::string data = part.deflated ? packed(part.content, -MAX_WBITS) : part.content;
    const std::size_t offset = out.size();
    const auto crc =
        u32(crc32_z(0, reinterpret_cast<const Bytef*>(part.content.data()), part.content.size()));
    const std::string about = words(u16(20), u16(0), u16(part.deflated ? 8 : 0), u16(0), u16(0), crc,
                                    zip64 ? marked : u32(data.size()),
                                    zip64 ? marked : u32(part.content.size()), u16(part.name.size()));
    const std::string extra = zip64 ? words(u16(1), u16(24), std::uint64_t{part.content.size()},
                                            std::uint64_t{data.size()}, std::uint64_t{offset})
                                    : "";
    // NumPy, too, gives the member's own header a 64-bit field.
    out += "PK\3\4" + about + words(u16(extra.size())) + part.name + extra + data;
    directory += "PK\1\2" + words(u16(20)) + about +
                 words(u16(extra.size()), u16(0), u16(0), u16(0), u32(0)) +
                 words(zip64 ? marked : u32(offset)) + part.name + extra;
  }
  const std::size_t begin = out.size();
  out += directory;
  if (zip64) {
    const std::size_t end64 = out.size();
    const std::uint64_t count = parts.size();
    out += "PK\6\6" + words(std::uint64_t{44}, u16(45), u16(45), u32(0), u32(0), count, count,
                            std::uint64_t{directory.size()}, std::uint64_t{begin});
    out += "PK\6\7" + words(u32(0), std::uint64_t{end64}, u32(1));
  }
  return out + "PK\5\6" +
         words(u16(0), u16(0), u16(parts.size()), u16(parts.size()), zip64 ? marked : u32(directory.size()),
               zip64 ? marked : u32(begin), u16(0));
}

}  // namespace tacit::testing
