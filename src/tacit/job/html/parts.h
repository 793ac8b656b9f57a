// Pieces of the report's page: escaped text, numbers as people read them, tables, bars.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tacit::html {

/// Safe between tags and inside quoted attributes.
std::string escaped(std::string_view text);

/// "1,234,567"
std::string grouped(std::uint64_t n);
/// "1 row", "1,797 rows"
std::string counted(std::uint64_t n, std::string_view one, std::string_view many);
/// Four significant digits; says so if it is no finite number.
std::string short_number(double x);
/// "96.4 %" for accuracies, a short number for the other metrics.
std::string metric_text(std::string_view metric, double value);
/// "accuracy" -> "Accuracy", "mse" -> "Mean squared error"
std::string metric_name(std::string_view metric);
/// "a", "a and b", "a, b and c"; already escaped texts stay as they are.
std::string listed(const std::vector<std::string>& words);

/// A part of a stacked bar: its length as a fraction of the whole, and its style.
struct BarPart {
  double length;
  std::string_view style;
};
std::string bar(std::initializer_list<BarPart> parts);

/// One unit and number of digits for a whole column, chosen by its largest number, so that eyes can compare.
class Scale {
 public:
  static Scale bytes(double largest);
  static Scale seconds(double largest);
  static Scale counts(double largest);
  std::string_view unit() const { return unit_; }  ///< "MB", "ms", ""
  std::string text(double value) const;
  /// The number, and a bar as long as its part of the largest.
  std::string with_bar(double value) const;
  std::string with_bar(double value, std::initializer_list<BarPart> parts) const;
  double share(double value) const { return largest_ > 0 ? value / largest_ : 0; }

 private:
  Scale(double largest, double divisor, int digits, std::string_view unit)
      : largest_(largest), divisor_(divisor), digits_(digits), unit_(unit) {}
  double largest_, divisor_;
  int digits_;
  std::string_view unit_;
};

struct Head {
  std::string text;
  bool number = false;
};
struct Row {
  std::vector<std::string> cells;  ///< HTML; the first is the row's own heading
  std::string_view style;          ///< "", "child", "total"
};
/// With `even`, columns are of one width, so that bars beside each other can be compared.
std::string table(std::string_view caption, const std::vector<Head>& heads, const std::vector<Row>& rows,
                  bool even = false);

/// Terms and what they are; those of which nothing is known are left out.
std::string facts(const std::vector<std::pair<std::string, std::string>>& lines);

std::string section(std::string_view id, std::string_view title, std::string_view body);

/// A whole page: `title` is escaped already, `kind` says what it is a page of.
std::string page(std::string_view title, std::string_view kind, std::string_view body);

}  // namespace tacit::html
