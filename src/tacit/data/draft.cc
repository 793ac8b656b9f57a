#include "tacit/data/draft.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/cell.h"
#include "tacit/data/csv.h"
#include "tacit/data/survey.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

constexpr std::size_t kMaxClasses = 20;  // a label of more different whole numbers is a number
constexpr std::string_view kMissingValue = "missing";

std::vector<ColumnSurvey> survey(CsvReader& csv, const std::vector<std::string>& missing_strings) {
  std::vector<ColumnSurvey> columns(csv.header().begin(), csv.header().end());
  const MissingSet missing(missing_strings.begin(), missing_strings.end());
  while (csv.next_row())
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i].add(csv.fields()[i], missing.contains(csv.fields()[i]));
  return columns;
}

bool is_id_name(const std::string& name) {
  const std::string lower = lowered(name);
  if (lower == "id" || lower == "uuid") return true;
  return lower.size() > 2 && lower.ends_with("id") &&
         std::string_view("_-. ").find(lower[lower.size() - 3]) != std::string_view::npos;
}

bool is_label_name(const std::string& name) {
  static constexpr std::array<std::string_view, 14> kNames = {
      "label",    "target",   "class",  "y",       "outcome", "diagnosis", "income",
      "response", "earnings", "result", "default", "churn",   "survived",  "species"};
  return std::find(kNames.begin(), kNames.end(), lowered(name)) != kNames.end();
}

/// "BILL_AMT3" and "BILL_AMT4" are of one family.
std::string family_name(std::string name) {
  std::erase_if(name, [](char c) { return c >= '0' && c <= '9'; });
  return name;
}

/// The range of the number columns of one family, such as the pixels of an image.
struct Family {
  std::size_t size = 0;
  double low = HUGE_VAL, high = -HUGE_VAL;
};
constexpr std::size_t kLeastFamily = 3;

/// Guesses the roles of the columns one after the other, each from those that are left.
class Drafter {
 public:
  Drafter(std::string file, const std::vector<ColumnSurvey>& columns)
      : file_(std::move(file)), columns_(columns) {
    for (const ColumnSurvey& column : columns_) {
      if (!column.is_number()) continue;
      Family& family = families_[family_name(column.name())];
      ++family.size;
      family.low = std::min(family.low, column.low());
      family.high = std::max(family.high, column.high());
    }
  }

  Draft draft() {
    draft_.notes.push_back(
        "Everything in this draft would be read by all parties, the names of the columns, ranges and values "
        "included; they come from this file alone, so correct what should stay private or what other owners "
        "need wider.");
    const ColumnSurvey* id = find_id();
    const ColumnSurvey* label = find_label(id);
    for (const ColumnSurvey& column : columns_) {
      if (&column == id) {
        draft_.schema.id = column.name();
        note(column, "names the rows; of the column, only its name would be published");
      } else if (&column == label) {
        add_label(column);
      } else {
        add_feature(column);
      }
    }
    require(!draft_.schema.features.empty(),
            "{} has no column that a model could learn from; give a table with numbers or categories beside "
            "the label",
            file_);
    check(draft_.schema);
    return std::move(draft_);
  }

 private:
  bool is_usable(const ColumnSurvey& column) const {
    const Family* family = family_of(column);
    const bool constant = family != nullptr ? family->low == family->high : column.is_constant();
    return !column.name().empty() && !column.is_empty() && !constant && !column.is_text();
  }

  /// Columns of a family share a range, since what one owner's file lacks in one of them another's may have.
  const Family* family_of(const ColumnSurvey& column) const {
    if (!column.is_number()) return nullptr;
    const Family& family = families_.at(family_name(column.name()));
    return family.size >= kLeastFamily ? &family : nullptr;
  }

  /// A column that is called so, else the first text that differs in every row.
  const ColumnSurvey* find_id() const {
    const ColumnSurvey* found = nullptr;
    for (const ColumnSurvey& column : columns_) {
      if (column.name().empty() || !column.is_distinct()) continue;
      if (is_id_name(column.name())) return &column;
      if (found == nullptr && column.is_text()) found = &column;
    }
    return found;
  }

  /// The last column that is called so, else the last that could be, when others are left to learn from.
  const ColumnSurvey* find_label(const ColumnSurvey* id) const {
    const ColumnSurvey *named = nullptr, *last = nullptr;
    std::size_t usable = 0;
    for (const ColumnSurvey& column : columns_) {
      if (&column == id || !is_usable(column)) continue;
      ++usable;
      last = &column;
      if (is_label_name(column.name())) named = &column;
    }
    if (usable < 2) return nullptr;
    return named != nullptr ? named : last;
  }

  void note(const ColumnSurvey& column, std::string_view text) {
    draft_.notes.push_back(fmt::format("{} {}.", in_quotes(column.name()), text));
  }

  void add_label(const ColumnSurvey& column) {
    const bool classes =
        !column.is_number() || (column.is_whole_number() && column.values().size() <= kMaxClasses);
    Column label{column.name(), {}};
    if (classes)
      label.coding = values_coding(column);
    else
      label.coding = NumberCoding{friendly_range(column.low(), column.high()), {}};
    draft_.schema.metric = classes ? Metric::Accuracy : Metric::Mse;
    std::string text = "is taken for the label, " + described(label, false);
    if (column.missing() > 0)
      text += fmt::format("; rows without it must be removed, {} in this file", column.missing());
    note(column, text);
    add_missing_strings(column);
    draft_.schema.label = std::move(label);
  }

  void add_feature(const ColumnSurvey& column) {
    if (!is_usable(column)) {
      note(column, "is left out, since it " + std::string(unusable(column)));
      return;
    }
    Column feature{column.name(), {}};
    std::string missing;
    if (column.is_number()) {
      const Family* family = family_of(column);
      NumberCoding coding;
      coding.range = family != nullptr ? friendly_range(family->low, family->high)
                                       : friendly_range(column.low(), column.high());
      if (column.missing() > 0) {
        coding.fill = coding.range.low + (coding.range.high - coding.range.low) / 2;
        missing = fmt::format("; missing cells are read as {}", number_text(*coding.fill));
      }
      feature.coding = coding;
    } else if (column.missing() > 0) {
      CategoryCoding coding{column.values(), std::string(kMissingValue), false};
      if (std::find(coding.values.begin(), coding.values.end(), kMissingValue) == coding.values.end())
        coding.values.emplace_back(kMissingValue);
      missing = fmt::format("; missing cells are read as {}", in_quotes(kMissingValue));
      feature.coding = std::move(coding);
    } else {
      feature.coding = values_coding(column);
    }
    note(column, "is " + described(feature, family_of(column) != nullptr) + missing);
    add_missing_strings(column);
    draft_.schema.features.push_back(std::move(feature));
  }

  /// Words like "n/a" among numbers.
  void add_missing_strings(const ColumnSurvey& column) {
    auto& known = draft_.schema.missing;
    if (!column.is_number()) return;
    for (const std::string& word : column.words())
      if (std::find(known.begin(), known.end(), word) == known.end()) known.push_back(word);
  }

  /// Of a column whose present cells take few values.
  static std::variant<NumberCoding, CategoryCoding, BinaryCoding> values_coding(const ColumnSurvey& column) {
    std::vector<std::string> values = column.values();
    if (column.is_number())
      std::erase_if(values, [&](const std::string& v) { return column.words().contains(v); });
    if (values.size() == 2) return BinaryCoding{values[0], values[1], {}};
    const bool lone = values.size() == 1;  // a category needs a second value
    return CategoryCoding{std::move(values), {}, lone};
  }

  static std::string_view unusable(const ColumnSurvey& column) {
    if (column.name().empty()) return "has no name";
    if (column.is_empty()) return "is empty";
    return column.is_constant() ? "is the same in all rows"
                                : "is neither a number nor a category of a few values";
  }

  static std::string described(const Column& column, bool shared_range) {
    if (const auto* number = std::get_if<NumberCoding>(&column.coding))
      return fmt::format(
          "a number; the range of {} in the file, rounded outward to [{}, {}], would be published",
          shared_range ? "all columns so named but for digits" : "its cells", number_text(number->range.low),
          number_text(number->range.high));
    if (const auto* binary = std::get_if<BinaryCoding>(&column.coding))
      return fmt::format("{} (0) or {} (1); these two values would be published", in_quotes(binary->zero),
                         in_quotes(binary->one));
    std::string list;
    const auto& values = std::get<CategoryCoding>(column.coding).values;
    for (const std::string& value : values) list += (list.empty() ? "" : ", ") + in_quotes(value);
    return fmt::format("a category; its {} values would be published: {}", values.size(), list);
  }

  std::string file_;
  const std::vector<ColumnSurvey>& columns_;
  std::map<std::string, Family> families_;
  Draft draft_;
};

}  // namespace

Draft draft_schema(const std::filesystem::path& csv, char delimiter) {
  CsvReader reader(open_bytes(csv), delimiter);
  const std::vector<ColumnSurvey> columns = survey(reader, Schema().missing);
  require(columns.size() > 1,
          "{} has a single column, {}; if its fields are separated by another delimiter, name that",
          reader.name(), shown(columns[0].name()));
  return Drafter(reader.name(), columns).draft();
}

NumberRange friendly_range(double low, double high) {
  const double tenth = (high > low ? high - low : std::max(std::fabs(low), 1.0)) / 10;
  // Beyond these, steps would drown in rounding; the range is then left as it is.
  if (!std::isfinite(tenth) || tenth < 0x1p-1000 ||
      std::max(std::fabs(low), std::fabs(high)) > 0x1p50 * tenth)
    return {low, high};
  // The longest step of 1, 2 or 5 times a power of ten that is at most a tenth of the width.
  const int exponent = static_cast<int>(std::floor(std::log10(tenth)));
  const double power = std::pow(10, exponent);
  const double digit = 5 * power <= tenth ? 5 : 2 * power <= tenth ? 2 : 1;
  // By way of decimal text, so that the third step of 0.1 is 0.3 and not 0.30000000000000004.
  const auto at = [&](double steps) {
    const double most = std::numeric_limits<double>::max();
    return parse_number(fmt::format("{:.0f}e{}", steps * digit, exponent)).value_or(steps < 0 ? -most : most);
  };
  double below = std::floor(low / (digit * power)), above = std::ceil(high / (digit * power));
  if (at(below) > low) --below;
  if (at(above) < high) ++above;
  if (below == above) ++above;
  return {at(below), at(above)};
}

}  // namespace tacit
