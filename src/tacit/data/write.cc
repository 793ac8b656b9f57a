#include "tacit/data/write.h"

#include <cerrno>
#include <system_error>

#include "tacit/base/error.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw IoError(fmt::format("cannot write {}: {}", path.string(), std::generic_category().message(errno)));
}

/// Quotes also what a reader would trim, and a lone empty cell, whose line would otherwise be blank.
bool needs_quotes(const std::string& cell, bool alone) {
  if (cell.empty()) return alone;
  return cell.find_first_of(",\"\r\n\t") != std::string::npos || cell.front() == ' ' || cell.back() == ' ' ||
         cell.starts_with("\xef\xbb\xbf") || cell.starts_with("\xff\xfe") || cell.starts_with("\xfe\xff");
}

}  // namespace

CsvWriter::CsvWriter(std::filesystem::path path, std::span<const std::string> header)
    : path_(std::move(path)), out_(path_, std::ios::binary | std::ios::trunc), width_(header.size()) {
  if (!out_) fail(path_);
  write_row(header);
}

void CsvWriter::write_row(std::span<const std::string> cells) {
  require(cells.size() == width_ && width_ > 0,
          "a row of {} cells cannot be written to {}, which has {} columns", cells.size(), path_.string(),
          width_);
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string& cell = cells[i];
    require(cell.find('\0') == std::string::npos, "the cell {} holds a zero byte, which {} cannot",
            shown(cell), path_.string());
    if (i > 0) line += ',';
    if (!needs_quotes(cell, width_ == 1)) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  out_ << line << '\n';
  if (!out_) fail(path_);
}

void CsvWriter::close() {
  out_.close();
  if (!out_) fail(path_);
}

void write_csv(const std::filesystem::path& path, std::span<const std::string> header,
               std::span<const std::vector<std::string>> rows) {
  CsvWriter writer(path, header);
  for (const auto& row : rows) writer.write_row(row);
  writer.close();
}

void write_npy(const std::filesystem::path& path, const Shape& shape, ElementType type, ByteView data) {
  ensure(data.size() == elements(shape) * size_of(type), "an array has as many bytes as its shape says");
  std::string axes;
  for (const std::size_t extent : shape) axes += fmt::format("{}{}", axes.empty() ? "" : ", ", extent);
  if (shape.size() == 1) axes += ',';
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                   size_of(type) == 1 ? '|' : '<', type_code(type), axes);
  constexpr std::size_t kStart = 10, kAlignment = 64;  // NumPy maps files whose elements are aligned
  header.append(kAlignment - 1 - (kStart + header.size()) % kAlignment, ' ');
  header += '\n';
  Bytes start;
  append_bytes(start, bytes_of(std::string_view("\x93NUMPY\x01\x00", 8)));
  append(start, static_cast<std::uint16_t>(header.size()));
  append_bytes(start, bytes_of(std::string_view(header)));
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  for (const ByteView part : {ByteView(start), data})
    out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
  out.close();
  if (!out) fail(path);
}

void write_npy(const std::filesystem::path& path, const Shape& shape, std::span<const double> values) {
  write_npy(path, shape, ElementType::F64, bytes_of(values));
}

}  // namespace tacit
