#include "tacit/data/file_kind.h"

#include <array>

#include "tacit/base/error.h"
#include "tacit/data/idx.h"
#include "tacit/data/npy.h"

namespace tacit {

FileKind file_kind(const std::filesystem::path& path) {
  std::array<char, 6> buffer{};
  const std::size_t size = open_bytes(path)->read(std::as_writable_bytes(std::span(buffer)));
  const std::string_view start(buffer.data(), size);
  if (start == "\x93NUMPY") return FileKind::Npy;
  if (start.starts_with("PK\3\4") || start.starts_with("PK\5\6")) return FileKind::Npz;
  if (start.starts_with(std::string_view("\0\0", 2))) return FileKind::Idx;
  return FileKind::Csv;
}

ArrayReader open_array(const std::filesystem::path& path, const std::string& member) {
  const FileKind kind = file_kind(path);
  require(kind != FileKind::Csv, "{} is no array file; give an NPY, NPZ or IDX file", path.string());
  require(kind == FileKind::Npz || member.empty(),
          "{} holds one array, so it has none called \"{}\"; leave the name out", path.string(), member);
  if (kind == FileKind::Npz) return open_npz(path, member);
  return kind == FileKind::Npy ? open_npy(path) : open_idx(path);
}

}  // namespace tacit
