// What a draft needs to know of a column, gathered cell by cell in bounded memory.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace tacit {

class ColumnSurvey {
 public:
  /// A column of more different values than this is no category.
  static constexpr std::size_t kMaxValues = 64;

  explicit ColumnSurvey(std::string name) : name_(std::move(name)) {}
  /// `missing` says whether the cell is one of the schema's missing strings.
  void add(std::string_view cell, bool missing);

  const std::string& name() const { return name_; }
  /// No cell says more than that there is nothing.
  bool is_empty() const { return numbers_ == 0 && all_words_say_missing(); }
  bool is_constant() const { return missing() == 0 && (is_number() ? low_ == high_ : values_.size() == 1); }
  /// All present cells are numbers or, like "n/a", say that there is none.
  bool is_number() const { return numbers_ > 0 && all_words_say_missing(); }
  bool is_whole_number() const { return is_number() && whole_; }
  /// Neither a number nor a category: a name, a remark, an identifier.
  bool is_text() const { return !is_number() && (has_many_values() || (is_distinct() && rows_ > kFewRows)); }
  /// Every row has a value of its own, as far as was looked.
  bool is_distinct() const { return distinct_ && missing_ == 0; }
  bool has_many_values() const { return values_.size() > kMaxValues; }
  /// Cells without a value, those with a word like "n/a" among numbers included.
  std::size_t missing() const { return is_number() ? rows_ - numbers_ : missing_; }
  /// The different present values, numbers by size and then words by letter; cut off past kMaxValues.
  std::vector<std::string> values() const;
  /// The present cells that are no numbers; cut off past kMaxValues.
  const std::set<std::string>& words() const { return words_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  static constexpr std::size_t kFewRows = 10;
  bool all_words_say_missing() const;

  std::string name_;
  std::size_t rows_ = 0, missing_ = 0, numbers_ = 0;
  double low_ = 0, high_ = 0;
  bool whole_ = true, distinct_ = true;
  std::set<std::string> values_, words_;
  std::unordered_set<std::size_t> hashes_;  ///< of the present cells, while all differ
};

}  // namespace tacit
