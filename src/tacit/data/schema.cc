#include "tacit/data/schema.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

// In the order of the enumerations.
const std::vector<std::string>& scaling_names() {
  static const std::vector<std::string> names = {"none", "unit", "symmetric", "standard"};
  return names;
}
const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names = {"accuracy", "auc", "log_loss", "mse", "mae"};
  return names;
}

template <class Enum>
Enum named(std::string_view name, const std::vector<std::string>& names, std::string_view what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Enum>(found - names.begin());
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  throw UsageError(fmt::format("there is no {} {}; the nearest is \"{}\", and all are {}", what, shown(name),
                               nearest(name, names), list));
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// Checks one column's coding; `where` begins every message.
struct CodingCheck {
  std::string where;

  void operator()(const NumberRange& range) const {
    require(std::isfinite(range.low) && std::isfinite(range.high) && range.low < range.high,
            "{}: the range [{}, {}] is empty or infinite; give a lower and a higher bound", where, range.low,
            range.high);
    if (range.scaling == Scaling::Standard)
      require(std::isfinite(range.mean) && std::isfinite(range.deviation) && range.deviation > 0,
              "{}: standard scaling by mean {} and deviation {} is impossible; give a deviation above 0",
              where, range.mean, range.deviation);
    else
      require(range.mean == 0 && range.deviation == 1,
              "{}: a mean and a deviation belong to standard scaling; remove them, or choose it", where);
    // Every encoded value then fits a fixed-point number of any fraction that a job may choose.
    constexpr double kMost = 0x1p37;
    require(std::fabs(range.encode(range.low)) <= kMost && std::fabs(range.encode(range.high)) <= kMost,
            "{}: numbers of [{}, {}] are too large to compute with unscaled; choose unit scaling", where,
            range.low, range.high);
  }

  void operator()(const NumberCoding& coding) const {
    (*this)(coding.range);
    require(!coding.fill || (*coding.fill >= coding.range.low && *coding.fill <= coding.range.high),
            "{}: the fill {} lies outside the declared range [{}, {}]; choose one within", where,
            coding.fill.value_or(0), coding.range.low, coding.range.high);
  }

  void operator()(const CategoryCoding& coding) const {
    require(coding.values.size() + (coding.other ? 1 : 0) >= 2,
            "{}: a category needs at least two values; add one, or drop the column", where);
    std::set<std::string_view> seen;
    for (const std::string& value : coding.values) {
      require(!value.empty(), "{}: a value of a category is empty; use a fill for missing cells", where);
      require(seen.insert(value).second, "{}: the value {} is listed twice; remove one", where, shown(value));
    }
    require(!coding.fill || coding.other || contains(coding.values, *coding.fill),
            "{}: the fill {} is not one of the values; add it to them", where,
            shown(coding.fill.value_or("")));
  }

  void operator()(const BinaryCoding& coding) const {
    require(!coding.zero.empty() && !coding.one.empty() && coding.zero != coding.one,
            "{}: the two values {} and {} must differ and not be empty; correct them", where,
            shown(coding.zero), shown(coding.one));
    require(!coding.fill || *coding.fill == coding.zero || *coding.fill == coding.one,
            "{}: the fill {} is neither {} nor {}; choose one of them", where,
            shown(coding.fill.value_or("")), shown(coding.zero), shown(coding.one));
  }
};

void check_column(const Column& column, std::set<std::string_view>& names) {
  require(!column.name.empty(), "a column of the schema has no name; give it the name in the file's header");
  require(names.insert(column.name).second, "the schema names the column {} twice; remove one",
          shown(column.name));
  std::visit(CodingCheck{"column " + shown(column.name)}, column.coding);
}

void check_label(const Column& label, Metric metric) {
  const bool has_fill = std::visit([](const auto& coding) { return coding.fill.has_value(); }, label.coding);
  require(!has_fill, "column {}: a label has no fill, since a missing one cannot be guessed; remove the fill",
          shown(label.name));
  const bool of_numbers = metric == Metric::Mse || metric == Metric::Mae;
  const bool number = std::holds_alternative<NumberCoding>(label.coding);
  require(of_numbers == number, "the metric {} does not fit the label {}, which is {}; choose {}",
          to_string(metric), shown(label.name), number ? "a number" : "no number",
          number ? "mse or mae" : "accuracy");
  require(metric != Metric::Auc || std::holds_alternative<BinaryCoding>(label.coding),
          "the metric auc needs a binary label, and {} is a category; choose accuracy", shown(label.name));
}

}  // namespace

std::string_view to_string(Scaling scaling) { return scaling_names()[static_cast<std::size_t>(scaling)]; }
std::string_view to_string(Metric metric) { return metric_names()[static_cast<std::size_t>(metric)]; }
Scaling scaling_named(std::string_view name) { return named<Scaling>(name, scaling_names(), "scaling"); }
Metric metric_named(std::string_view name) { return named<Metric>(name, metric_names(), "metric"); }

double NumberRange::encode(double value) const {
  switch (scaling) {
    case Scaling::Unit:
      return (value - low) / (high - low);
    case Scaling::Symmetric:
      return 2 * ((value - low) / (high - low)) - 1;
    case Scaling::Standard:
      return (value - mean) / deviation;
    default:
      return value;
  }
}

double NumberRange::decode(double encoded) const {
  switch (scaling) {
    case Scaling::Unit:
      return low + encoded * (high - low);
    case Scaling::Symmetric:
      return low + (encoded + 1) / 2 * (high - low);
    case Scaling::Standard:
      return mean + encoded * deviation;
    default:
      return encoded;
  }
}

void check(const Schema& schema) {
  require(schema.array.has_value() == schema.features.empty(),
          "the schema must have either feature columns or the range of an array; give one of the two");
  std::set<std::string_view> names;
  for (const Column& column : schema.features) check_column(column, names);
  if (schema.label) {
    check_column(*schema.label, names);
    check_label(*schema.label, schema.metric);
  }
  require(schema.id.empty() || names.insert(schema.id).second,
          "the column {} cannot be both the id and a feature or the label; remove one", shown(schema.id));
  if (schema.array) {
    CodingCheck{"the array"}(*schema.array);
    require(!schema.shape.empty() && elements(schema.shape) > 0,
            "the schema of an array needs the shape of one example, such as 1x28x28; give it");
    require(schema.id.empty(), "arrays have no id column; remove {} from the schema", shown(schema.id));
  } else {
    require(schema.shape.empty() || elements(schema.shape) == feature_width(schema),
            "the shape {} does not hold the {} numbers that the feature columns become; correct it",
            to_string(schema.shape), feature_width(schema));
  }
}

std::size_t encoded_width(const Column& column) {
  const auto* category = std::get_if<CategoryCoding>(&column.coding);
  return category == nullptr ? 1 : category->values.size() + (category->other ? 1 : 0);
}

std::vector<std::string> encoded_names(const Column& column) {
  const auto* category = std::get_if<CategoryCoding>(&column.coding);
  if (category == nullptr) return {column.name};
  std::vector<std::string> names;
  for (const std::string& value : category->values) names.push_back(column.name + "=" + value);
  if (category->other) names.push_back(column.name + "=(other)");
  return names;
}

std::size_t feature_width(const Schema& schema) {
  if (schema.array) return elements(schema.shape);
  std::size_t width = 0;
  for (const Column& column : schema.features) width += encoded_width(column);
  return width;
}

std::vector<std::string> feature_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const Column& column : schema.features)
    for (std::string& name : encoded_names(column)) names.push_back(std::move(name));
  if (!schema.array) return names;
  const auto strides = row_major_strides(schema.shape);
  for (std::size_t i = 0; i < feature_width(schema); ++i) {
    std::string name;
    for (std::size_t axis = 0; axis < strides.size(); ++axis)
      name += fmt::format("{}{}", name.empty() ? "x[" : ",", i / strides[axis] % schema.shape[axis]);
    names.push_back(name + "]");
  }
  return names;
}

Shape feature_shape(const Schema& schema) {
  return schema.shape.empty() ? Shape{feature_width(schema)} : schema.shape;
}

std::size_t target_width(const Schema& schema) { return schema.label ? encoded_width(*schema.label) : 0; }

namespace {
EncodedRange range_of(const NumberRange& range) {
  return {range.encode(range.low), range.encode(range.high)};
}
}  // namespace

EncodedRange encoded_range(const Column& column) {
  const auto* number = std::get_if<NumberCoding>(&column.coding);
  return number == nullptr ? EncodedRange{0, 1} : range_of(number->range);
}

EncodedRange feature_range(const Schema& schema) {
  if (schema.array) return range_of(*schema.array);
  std::optional<EncodedRange> all;
  for (const Column& column : schema.features) {
    const EncodedRange one = encoded_range(column);
    all = all ? EncodedRange{std::min(all->low, one.low), std::max(all->high, one.high)} : one;
  }
  return all.value_or(EncodedRange());
}

EncodedRange target_range(const Schema& schema) {
  return schema.label ? encoded_range(*schema.label) : EncodedRange();
}

std::vector<std::string> target_names(const Schema& schema) {
  return schema.label ? encoded_names(*schema.label) : std::vector<std::string>();
}

}  // namespace tacit
