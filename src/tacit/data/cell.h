// One cell of a table to its encoded numbers, as the column's coding says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tacit/data/schema.h"

namespace tacit {

/// Lets maps of strings be asked for a string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
/// The cells that mean "missing".
using MissingSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

/// Where a cell stands, for messages: "people.csv, line 3, column "age"". Lines of a table count from 1, rows
/// of an array from 0, as the tools at hand for either do.
struct CellPlace {
  const std::string& file;
  std::size_t number;
  bool of_array = false;
  std::string text(std::string_view column) const;
};

class ColumnEncoder {
 public:
  /// Both must outlive the encoder.
  ColumnEncoder(const Column& column, const MissingSet& missing);

  const std::string& name() const { return column_.name; }
  /// Appends encoded_width(column) numbers; UsageError for a cell that the column does not admit.
  void encode(std::string_view cell, const CellPlace& place, std::vector<double>& out) const;

 private:
  double number(const NumberCoding& coding, std::string_view cell, const CellPlace& place) const;
  std::size_t value_index(std::string_view cell, const CellPlace& place) const;
  [[noreturn]] void refuse_missing(std::string_view cell, const CellPlace& place) const;

  const Column& column_;
  const MissingSet& missing_;
  std::vector<std::string> values_;  ///< of a category or a binary column; the places of the 1
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> indices_;
  std::optional<std::size_t> fill_, other_;  ///< the index of a missing and of an unlisted value
};

}  // namespace tacit
