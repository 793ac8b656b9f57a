// The text that describes an NPY array: {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }
#include <charconv>
#include <set>

#include "tacit/base/error.h"
#include "tacit/data/npy.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& file) : rest_(text), whole_(text), file_(file) {}

  ArrayHeader parse() {
    expect('{');
    std::set<std::string, std::less<>> seen;
    while (!accept('}')) {
      const std::string_view key = parse_string();
      expect(':');
      if (key == "descr")
        parse_type(parse_string());
      else if (key == "fortran_order")
        header_.fortran = parse_bool();
      else if (key == "shape")
        parse_shape();
      else
        refuse();
      if (!seen.emplace(key).second) refuse();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_spaces();
    if (!rest_.empty() || seen.size() != 3) refuse();
    return header_;
  }

 private:
  [[noreturn]] void refuse() const {
    throw UsageError(
        fmt::format("{} has a damaged NPY header, {}; write the file again", file_, shown(whole_)));
  }

  void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) refuse();
  }

  std::string_view parse_string() {
    skip_spaces();
    require(!rest_.starts_with('['),
            "{} holds an array of structures; save each field as an array of its own", file_);
    const char quote = rest_.empty() ? '\0' : rest_[0];
    if (quote != '\'' && quote != '"') refuse();
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) refuse();
    const std::string_view inside = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return inside;
  }

  bool parse_bool() {
    skip_spaces();
    const bool value = rest_.starts_with("True");
    if (!value && !rest_.starts_with("False")) refuse();
    rest_.remove_prefix(value ? 4 : 5);
    return value;
  }

  void parse_shape() {
    expect('(');
    while (!accept(')')) {
      skip_spaces();
      std::size_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc()) refuse();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      accept('L');  // as Python 2 wrote long integers
      header_.shape.push_back(extent);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  void parse_type(std::string_view text) {
    // A type of one byte has '|' for its order, and '=' is the writer's own order: ours.
    const auto type = text.empty() ? std::nullopt : type_of_code(text.substr(1));
    if (type &&
        (text[0] == '<' || text[0] == '>' || text[0] == '=' || (text[0] == '|' && size_of(*type) == 1))) {
      header_.type = *type;
      header_.big_endian = text[0] == '>';
      return;
    }
    throw UsageError(fmt::format(
        "{} holds elements of type {}; save the array as numbers, for example float64", file_, shown(text)));
  }

  std::string_view rest_, whole_;
  const std::string& file_;
  ArrayHeader header_;
};

}  // namespace

ArrayHeader parse_npy_dictionary(std::string_view text, const std::string& file) {
  return HeaderParser(text, file).parse();
}

}  // namespace tacit
