#include "tacit/data/survey.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tacit/base/text.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

constexpr std::size_t kMaxHashes = 100'000;  // past so many rows without a repetition, none is expected

/// What people write among numbers when there is none.
bool says_missing(const std::string& word) {
  static constexpr std::array<std::string_view, 11> kMarkers = {
      "na", "n/a", "nan", "null", "none", "nil", "-", "--", ".", "missing", "unknown"};
  return std::find(kMarkers.begin(), kMarkers.end(), lowered(word)) != kMarkers.end();
}

void insert_some(std::set<std::string>& set, std::string_view value) {
  if (set.size() <= ColumnSurvey::kMaxValues) set.emplace(value);
}

}  // namespace

void ColumnSurvey::add(std::string_view cell, bool missing) {
  ++rows_;
  if (missing) {
    ++missing_;
    return;
  }
  insert_some(values_, cell);
  if (distinct_ && hashes_.size() < kMaxHashes)
    distinct_ = hashes_.insert(std::hash<std::string_view>()(cell)).second;
  if (!distinct_) hashes_.clear();
  const auto number = parse_number(cell);
  if (!number || !std::isfinite(*number)) {
    insert_some(words_, cell);
    return;
  }
  low_ = numbers_ == 0 ? *number : std::min(low_, *number);
  high_ = numbers_ == 0 ? *number : std::max(high_, *number);
  whole_ = whole_ && std::floor(*number) == *number;
  ++numbers_;
}

bool ColumnSurvey::all_words_say_missing() const {
  return std::all_of(words_.begin(), words_.end(), says_missing);
}

std::vector<std::string> ColumnSurvey::values() const {
  std::vector<std::string> out(values_.begin(), values_.end());
  std::stable_sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    const auto x = parse_number(a), y = parse_number(b);
    return x && y ? *x < *y : x.has_value() && !y.has_value();
  });
  return out;
}

}  // namespace tacit
