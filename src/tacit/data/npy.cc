#include "tacit/data/npy.h"

#include <array>

#include "tacit/base/error.h"
#include "tacit/data/text.h"
#include "tacit/data/zip.h"

namespace tacit {

namespace {
constexpr std::string_view kSuffix = ".npy";
constexpr std::size_t kMaxHeader = 65536;  // a shape and a type take a hundred bytes

std::vector<ZipMember> array_members(const std::filesystem::path& path) {
  std::vector<ZipMember> members = read_zip_directory(path);
  std::erase_if(members, [](const ZipMember& m) { return !m.name.ends_with(kSuffix); });
  return members;
}
std::string array_name(const ZipMember& member) {
  return member.name.substr(0, member.name.size() - kSuffix.size());
}
}  // namespace

ArrayHeader read_npy_header(ByteSource& source) {
  std::array<std::byte, 8> start;
  read_exactly(source, start, "its NPY header");
  require(text_of(start).starts_with("\x93NUMPY"), "{} is not an NPY file: it does not begin as one",
          source.name());
  const auto version = std::to_integer<unsigned>(start[6]);
  require(version >= 1 && version <= 3, "{} is NPY of version {}; versions 1 to 3 can be read", source.name(),
          version);
  Bytes length(version == 1 ? 2 : 4);
  read_exactly(source, length, "its NPY header");
  const std::size_t size =
      version == 1 ? read_at<std::uint16_t>(length, 0) : read_at<std::uint32_t>(length, 0);
  require(size <= kMaxHeader, "{} claims an NPY header of {} bytes; write the file again", source.name(),
          size);
  Bytes text(size);
  read_exactly(source, text, "its NPY header");
  return parse_npy_dictionary(text_of(text), source.name());
}

ArrayReader open_npy(const std::filesystem::path& path) {
  return ArrayReader([path] { return open_bytes(path); }, read_npy_header);
}

std::vector<std::string> npz_members(const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const ZipMember& member : array_members(path)) names.push_back(array_name(member));
  return names;
}

ArrayReader open_npz(const std::filesystem::path& path, const std::string& member) {
  const std::vector<ZipMember> members = array_members(path);
  std::string list;
  std::vector<const ZipMember*> found;
  for (const ZipMember& m : members) {
    list += (list.empty() ? "" : ", ") + in_quotes(array_name(m));
    if (member.empty() || array_name(m) == member) found.push_back(&m);
  }
  require(!members.empty(), "{} holds no NPY arrays; write it with numpy.savez", path.string());
  require(!member.empty() || found.size() == 1, "{} holds several arrays, {}; say which", path.string(),
          list);
  require(found.size() == 1, "{} holds no single array {}; it holds {}", path.string(), in_quotes(member),
          list);
  return ArrayReader([path, m = *found[0]] { return open_zip_member(path, m); }, read_npy_header);
}

}  // namespace tacit
