// Writers: CSV that CsvReader reads back to the same cells, and NPY for NumPy.
#pragma once

#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "tacit/base/shape.h"
#include "tacit/data/array.h"

namespace tacit {

/// A CSV file written row by row: commas, LF line ends, quotes only where they are needed. An existing file
/// is replaced. IoError when the disk refuses; UsageError for a row of another width than the header and for
/// a zero byte in a cell.
class CsvWriter {
 public:
  CsvWriter(std::filesystem::path path, std::span<const std::string> header);
  void write_row(std::span<const std::string> cells);
  /// Puts all on disk; without it the file may lack rows.
  void close();

 private:
  std::filesystem::path path_;
  std::ofstream out_;
  std::size_t width_;
};

/// The whole table in one call.
void write_csv(const std::filesystem::path& path, std::span<const std::string> header,
               std::span<const std::vector<std::string>> rows);

/// An NPY file of version 1.0 in C order: `data` holds the elements row-major and little-endian.
void write_npy(const std::filesystem::path& path, const Shape& shape, ElementType type, ByteView data);
void write_npy(const std::filesystem::path& path, const Shape& shape, std::span<const double> values);

}  // namespace tacit
