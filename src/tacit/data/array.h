// Arrays in files (NPY, NPZ, IDX), read by ranges of their first axis, the rows. Going forward streams; only
// a Fortran-order array is kept in memory whole. Memory grows with the bytes that are there, never with a
// header's claim.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tacit/base/shape.h"
#include "tacit/data/source.h"

namespace tacit {

enum class ElementType { Bool, U8, U16, U32, U64, I8, I16, I32, I64, F16, F32, F64 };
/// NumPy's code, "u1": a kind and a number of bytes.
std::string_view type_code(ElementType type);
std::optional<ElementType> type_of_code(std::string_view code);
std::size_t size_of(ElementType type);

/// What an array file says of itself before its elements.
struct ArrayHeader {
  Shape shape;
  ElementType type = ElementType::F64;
  bool big_endian = false;
  bool fortran = false;  ///< the first index varies fastest
};

class ArrayReader {
 public:
  /// `open` starts the file anew and `read_header` reads up to the first element; both are called again
  /// whenever rows before the last ones are wanted. UsageError when the array has no axis.
  ArrayReader(std::function<std::unique_ptr<ByteSource>()> open, ArrayHeader (*read_header)(ByteSource&));

  const std::string& name() const { return source_->name(); }
  const Shape& shape() const { return header_.shape; }
  ElementType type() const { return header_.type; }
  std::size_t row_count() const { return header_.shape[0]; }
  std::size_t row_elements() const { return row_elements_; }

  /// Rows [begin, end), row-major. UsageError when the file is shorter or, known after the last row, longer
  /// than its header says, or when an integer is too large for a double to hold; after it
  /// the reader is of no more use.
  std::vector<double> rows(std::size_t begin, std::size_t end);

 private:
  void go_to(std::size_t row);
  void expect_end();
  std::vector<double> decode(ByteView elements, std::size_t first_element) const;
  std::vector<double> fortran_rows(std::size_t begin, std::size_t end);

  std::function<std::unique_ptr<ByteSource>()> open_;
  ArrayHeader (*read_header_)(ByteSource&);
  std::unique_ptr<ByteSource> source_;
  ArrayHeader header_;
  std::size_t row_elements_ = 0;
  std::size_t next_row_ = 0;  ///< the row at which source_ stands
  Bytes whole_;               ///< all elements of a Fortran-order array
};

}  // namespace tacit
