#include "tacit/data/cell.h"

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/text.h"

namespace tacit {

std::string CellPlace::text(std::string_view column) const {
  const std::string row =
      of_array ? fmt::format("row {} (counted from 0)", number) : fmt::format("line {}", number);
  return fmt::format("{}, {}, column {}", file, row, shown(column));
}

ColumnEncoder::ColumnEncoder(const Column& column, const MissingSet& missing)
    : column_(column), missing_(missing) {
  std::optional<std::string> fill;
  if (const auto* category = std::get_if<CategoryCoding>(&column.coding)) {
    values_ = category->values;
    fill = category->fill;
    if (category->other) other_ = values_.size();
  } else if (const auto* binary = std::get_if<BinaryCoding>(&column.coding)) {
    values_ = {binary->zero, binary->one};
    fill = binary->fill;
  }
  for (std::size_t i = 0; i < values_.size(); ++i) indices_.emplace(values_[i], i);
  if (fill) fill_ = indices_.contains(*fill) ? indices_.at(*fill) : other_;
}

void ColumnEncoder::encode(std::string_view cell, const CellPlace& place, std::vector<double>& out) const {
  if (const auto* coding = std::get_if<NumberCoding>(&column_.coding)) {
    out.push_back(coding->range.encode(number(*coding, cell, place)));
    return;
  }
  const std::size_t index = value_index(cell, place);
  if (std::holds_alternative<BinaryCoding>(column_.coding)) {
    out.push_back(static_cast<double>(index));
    return;
  }
  out.insert(out.end(), encoded_width(column_), 0.0);
  out[out.size() - encoded_width(column_) + index] = 1;
}

double ColumnEncoder::number(const NumberCoding& coding, std::string_view cell,
                             const CellPlace& place) const {
  if (missing_.contains(cell)) {
    if (!coding.fill) refuse_missing(cell, place);
    return *coding.fill;
  }
  const std::optional<double> value = parse_number(cell);
  const NumberRange& range = coding.range;
  if (!value)
    throw UsageError(fmt::format("{}: {} is not a number; correct the cell, or declare the column a category",
                                 place.text(name()), shown(cell)));
  if (!std::isfinite(*value))
    throw UsageError(fmt::format(
        "{}: {} is not a finite number; correct the cell, or add it to the schema's missing strings",
        place.text(name()), shown(cell)));
  if (*value < range.low || *value > range.high)
    throw UsageError(fmt::format(
        "{}: {} lies outside the declared range [{}, {}]; correct the cell, or widen the range in the schema",
        place.text(name()), cell, number_text(range.low), number_text(range.high)));
  return *value;
}

std::size_t ColumnEncoder::value_index(std::string_view cell, const CellPlace& place) const {
  if (const auto found = indices_.find(cell); found != indices_.end()) return found->second;
  if (missing_.contains(cell)) {
    if (!fill_) refuse_missing(cell, place);
    return *fill_;
  }
  if (other_) return *other_;
  throw UsageError(
      fmt::format("{}: {} is not one of the declared values (the nearest is {}); correct the cell, or add "
                  "the value to the schema",
                  place.text(name()), shown(cell), shown(nearest(cell, values_))));
}

void ColumnEncoder::refuse_missing(std::string_view cell, const CellPlace& place) const {
  throw UsageError(fmt::format(
      "{}: the cell is missing ({}) and the schema gives no fill for it; add a fill, or remove the row",
      place.text(name()), shown(cell)));
}

}  // namespace tacit
