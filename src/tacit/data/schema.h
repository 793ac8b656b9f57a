// What every owner's data must look like, agreed and public before anyone reads a file: the columns, their
// ranges and values, how they become numbers, and what is measured. It is the only source of scaling, so that
// encoding reveals nothing of any one owner's data. Plain data; the job file holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tacit/base/shape.h"

namespace tacit {

enum class Scaling {
  None,       ///< as it is
  Unit,       ///< [low, high] to [0, 1]
  Symmetric,  ///< [low, high] to [-1, 1]
  Standard,   ///< (value - mean) / deviation
};
enum class Metric { Accuracy, Auc, LogLoss, Mse, Mae };

std::string_view to_string(Scaling scaling);
std::string_view to_string(Metric metric);
/// The reverse, by the names "none", "unit", ...; UsageError lists them.
Scaling scaling_named(std::string_view name);
Metric metric_named(std::string_view name);

/// A number within [low, high]; any other is refused. `mean` and `deviation` belong to Standard and stay 0
/// and 1 otherwise.
struct NumberRange {
  double low = 0, high = 1;
  Scaling scaling = Scaling::Unit;
  double mean = 0, deviation = 1;

  double encode(double value) const;
  double decode(double encoded) const;
  bool operator==(const NumberRange&) const = default;
};

/// One encoded number. A missing cell is read as `fill`, and refused when there is none.
struct NumberCoding {
  NumberRange range;
  std::optional<double> fill;
  bool operator==(const NumberCoding&) const = default;
};

/// One encoded 0 or 1 for each value, of which one is 1 (one-hot), and a last one for all other values when
/// `other` is set. A missing cell is read as `fill`; one that is itself a value is not missing.
struct CategoryCoding {
  std::vector<std::string> values;
  std::optional<std::string> fill;
  bool other = false;
  bool operator==(const CategoryCoding&) const = default;
};

/// One encoded number, 0 for the value `zero` and 1 for the value `one`.
struct BinaryCoding {
  std::string zero = "0", one = "1";
  std::optional<std::string> fill;
  bool operator==(const BinaryCoding&) const = default;
};

struct Column {
  std::string name;
  std::variant<NumberCoding, CategoryCoding, BinaryCoding> coding;
  bool operator==(const Column&) const = default;
};

struct Schema {
  /// The features of a table, in order; empty when the examples are arrays.
  std::vector<Column> features;
  /// The range of every element when the examples are arrays, such as images.
  std::optional<NumberRange> array;
  /// The shape of one example: needed for arrays; for a table empty, or one of as many elements as the
  /// features have when encoded.
  Shape shape;
  /// What is to be predicted; its coding has no fill. For arrays the name is only a name.
  std::optional<Column> label;
  /// The column that names the rows, of a table; empty when there is none.
  std::string id;
  /// The cells that mean "missing".
  std::vector<std::string> missing = {"", "?", "NA", "NaN", "null"};
  Metric metric = Metric::Accuracy;

  bool operator==(const Schema&) const = default;
};

/// UsageError when the schema contradicts itself or could not be computed with; it names the column.
void check(const Schema& schema);

/// How many numbers a column becomes, and their names: "age", "sex=Male", "sex=(other)".
std::size_t encoded_width(const Column& column);
std::vector<std::string> encoded_names(const Column& column);
/// The same for all features; an array's elements are called "x[0,3,5]".
std::size_t feature_width(const Schema& schema);
std::vector<std::string> feature_names(const Schema& schema);
/// The shape of one encoded example.
Shape feature_shape(const Schema& schema);
/// 0 without a label.
std::size_t target_width(const Schema& schema);
std::vector<std::string> target_names(const Schema& schema);

/// Between which two numbers all encoded ones lie, by the declared ranges; of all features, and of the label
/// (0 and 0 without one).
struct EncodedRange {
  double low = 0, high = 0;
  bool operator==(const EncodedRange&) const = default;
};
EncodedRange encoded_range(const Column& column);
EncodedRange feature_range(const Schema& schema);
EncodedRange target_range(const Schema& schema);

/// A text that is the same for equal schemas and differs for others, from machine to machine and version to
/// version: what a hash is taken of.
std::string canonical_text(const Schema& schema);

}  // namespace tacit
