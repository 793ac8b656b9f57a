#include "tacit/data/zip.h"

#include <zlib.h>

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

constexpr std::size_t kEndSize = 22, kMaxComment = 65535, kLocatorSize = 20, kEnd64Size = 56;
constexpr std::size_t kEntrySize = 46, kLocalSize = 30;
constexpr std::uint64_t kMaxDirectory = std::uint64_t{16} << 20;
constexpr std::uint16_t kZip64Field = 1;
constexpr std::uint32_t kMarked = UINT32_MAX;  ///< "see the 64-bit field"

struct Directory {
  std::uint64_t offset = 0, size = 0;
};

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view why) {
  throw UsageError(fmt::format("{} is not a zip archive that can be read: {}; fetch or write it again",
                               path.string(), why));
}

bool starts(ByteView bytes, std::string_view magic) { return text_of(bytes).starts_with(magic); }

Bytes read_part(const std::filesystem::path& path, std::uint64_t offset, std::size_t size) {
  Bytes part(size);
  read_exactly(*open_slice(path, offset, size), part, "its zip directory");
  return part;
}

Directory find_directory(const std::filesystem::path& path, std::uint64_t file_size) {
  const auto tail_size = static_cast<std::size_t>(std::min<std::uint64_t>(file_size, kEndSize + kMaxComment));
  const Bytes tail = read_part(path, file_size - tail_size, tail_size);
  if (tail_size < kEndSize) refuse(path, "it is too short");
  std::size_t at = tail_size - kEndSize;
  const auto is_end = [&](std::size_t i) {
    const ByteView record = ByteView(tail).subspan(i);
    return starts(record, "PK\5\6") && read_at<std::uint16_t>(record, 20) == tail_size - i - kEndSize;
  };
  while (!is_end(at))
    if (at-- == 0) refuse(path, "it has no directory at its end");
  const ByteView end = ByteView(tail).subspan(at);
  const std::uint64_t end_offset = file_size - tail_size + at;
  Directory found{read_at<std::uint32_t>(end, 16), read_at<std::uint32_t>(end, 12)};
  if (found.offset == kMarked || found.size == kMarked || read_at<std::uint16_t>(end, 10) == UINT16_MAX) {
    if (end_offset < kLocatorSize) refuse(path, "its 64-bit directory is missing");
    const Bytes locator = read_part(path, end_offset - kLocatorSize, kLocatorSize);
    if (!starts(locator, "PK\6\7")) refuse(path, "its 64-bit directory is missing");
    const auto end64_offset = read_at<std::uint64_t>(locator, 8);
    if (end_offset < kEnd64Size || end64_offset > end_offset - kEnd64Size)
      refuse(path, "its directory lies outside it");
    const Bytes end64 = read_part(path, end64_offset, kEnd64Size);
    if (!starts(end64, "PK\6\6")) refuse(path, "its 64-bit directory is missing");
    found = {read_at<std::uint64_t>(end64, 48), read_at<std::uint64_t>(end64, 40)};
  }
  if (found.offset > end_offset || found.size > end_offset - found.offset)
    refuse(path, "its directory lies outside it");
  if (found.size > kMaxDirectory) refuse(path, "its directory is too long");
  return found;
}

/// Replaces the marked 32-bit fields by those of the 64-bit extra field, which holds just these, in order.
void read_extra(const std::filesystem::path& path, ByteView extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const auto id = read_at<std::uint16_t>(extra, 0);
    const std::size_t size = read_at<std::uint16_t>(extra, 2);
    extra = extra.subspan(4);
    if (size > extra.size()) refuse(path, "an extra field is cut short");
    ByteView field = extra.first(size);
    extra = extra.subspan(size);
    if (id != kZip64Field) continue;
    for (std::uint64_t* value : {&member.size, &member.packed_size, &member.header_offset}) {
      if (*value != kMarked) continue;
      if (field.size() < 8) refuse(path, "a 64-bit field is cut short");
      *value = read_at<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
  }
}

/// Takes one entry from the front of the directory.
ZipMember take_entry(const std::filesystem::path& path, ByteView& directory) {
  if (directory.size() < kEntrySize || !starts(directory, "PK\1\2")) refuse(path, "its directory is damaged");
  const auto flags = read_at<std::uint16_t>(directory, 8), method = read_at<std::uint16_t>(directory, 10);
  const std::size_t name_size = read_at<std::uint16_t>(directory, 28),
                    extra_size = read_at<std::uint16_t>(directory, 30),
                    comment_size = read_at<std::uint16_t>(directory, 32);
  if (directory.size() - kEntrySize < name_size + extra_size + comment_size)
    refuse(path, "its directory is damaged");
  ZipMember member;
  member.name = text_of(directory.subspan(kEntrySize, name_size));
  member.header_offset = read_at<std::uint32_t>(directory, 42);
  member.packed_size = read_at<std::uint32_t>(directory, 20);
  member.size = read_at<std::uint32_t>(directory, 24);
  member.crc = read_at<std::uint32_t>(directory, 16);
  member.deflated = method == 8;
  if ((flags & 1) != 0) refuse(path, fmt::format("its member {} is encrypted", shown(member.name)));
  if (method != 0 && method != 8)
    refuse(path, fmt::format("its member {} is packed by an unusual method", shown(member.name)));
  read_extra(path, directory.subspan(kEntrySize + name_size, extra_size), member);
  if (!member.deflated && member.size != member.packed_size)
    refuse(path, "the sizes of a stored member differ");
  directory = directory.subspan(kEntrySize + name_size + extra_size + comment_size);
  return member;
}

/// Verifies the size and the checksum that the directory states.
class CheckedSource final : public ByteSource {
 public:
  CheckedSource(std::unique_ptr<ByteSource> bytes, const ZipMember& member)
      : ByteSource(bytes->name() + "[" + member.name + "]"),
        bytes_(std::move(bytes)),
        left_(member.size),
        crc_(member.crc) {}

  std::size_t read(ByteSpan out) override {
    const std::size_t got = bytes_->read(out);
    require(got <= left_, "{} is longer than the archive says; fetch or write it again", name());
    left_ -= got;
    seen_crc_ = crc32_z(seen_crc_, reinterpret_cast<const Bytef*>(out.data()), got);
    if (got < out.size())
      require(left_ == 0 && seen_crc_ == crc_, "{} is damaged: its {}; fetch or write it again", name(),
              left_ == 0 ? "checksum differs" : "bytes end early");
    return got;
  }

 private:
  std::unique_ptr<ByteSource> bytes_;
  std::uint64_t left_;
  uLong crc_, seen_crc_ = 0;
};

}  // namespace

std::vector<ZipMember> read_zip_directory(const std::filesystem::path& path) {
  open_slice(path, 0, 0);  // for its messages when there is no such file
  const Directory where = find_directory(path, std::filesystem::file_size(path));
  const Bytes all = read_part(path, where.offset, static_cast<std::size_t>(where.size));
  std::vector<ZipMember> members;
  for (ByteView left = all; !left.empty();) {
    ZipMember member = take_entry(path, left);
    if (member.header_offset > where.offset || where.offset - member.header_offset < kLocalSize ||
        where.offset - member.header_offset - kLocalSize < member.packed_size)
      refuse(path, "a member lies outside it");
    members.push_back(std::move(member));
  }
  return members;
}

std::unique_ptr<ByteSource> open_zip_member(const std::filesystem::path& path, const ZipMember& member) {
  const Bytes local = read_part(path, member.header_offset, kLocalSize);
  if (!starts(local, "PK\3\4")) refuse(path, "a member's header is damaged");
  const std::uint64_t begin = member.header_offset + kLocalSize + read_at<std::uint16_t>(local, 26) +
                              read_at<std::uint16_t>(local, 28);
  auto bytes = open_slice(path, begin, member.packed_size);
  if (member.deflated) bytes = unpacked(std::move(bytes), Packing::Deflate);
  return std::make_unique<CheckedSource>(std::move(bytes), member);
}

}  // namespace tacit
