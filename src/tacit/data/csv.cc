#include "tacit/data/csv.h"

#include <unordered_set>

#include "tacit/base/error.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {
// A file that is not a table, or one with an open quote, must not fill the memory before it is refused.
constexpr std::size_t kMaxRowBytes = std::size_t{64} << 20, kMaxFields = std::size_t{1} << 20;
constexpr std::size_t kChunk = std::size_t{1} << 16;
}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, char delimiter)
    : source_(std::move(source)), delimiter_(static_cast<unsigned char>(delimiter)), buffer_(kChunk) {
  require(delimiter == '\t' || (delimiter > ' ' && delimiter < 0x7f && delimiter != '"'),
          "{} cannot separate the fields of a CSV file; choose a comma, a semicolon or a tab",
          in_quotes(std::string_view(&delimiter, 1)));
  pass_byte_order_mark();
  require(read_record(), "{} is empty; its first line must name the columns", name());
  std::unordered_set<std::string_view> seen;
  for (const std::string_view column : fields_) {
    require(column.empty() || seen.insert(column).second,
            "{}, line {}: two columns are called {}; give each its own name", name(), row_line_,
            shown(column));
    header_.emplace_back(column);
  }
}

bool CsvReader::next_row() {
  if (!read_record()) return false;
  require(fields_.size() == header_.size(),
          "{}, line {}: {} fields are expected, as in the header, and the row has {}; correct the row, or "
          "quote a field that holds the delimiter",
          name(), row_line_, header_.size(), fields_.size());
  return true;
}

bool CsvReader::read_record() {
  bool blank = true;
  while (blank && peek() >= 0) {
    text_.clear();
    ends_.clear();
    any_quote_ = false;
    row_line_ = line_;
    while (read_field()) {}
    blank = ends_.size() == 1 && text_.empty() && !any_quote_;
  }
  fields_.clear();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    fields_.push_back(std::string_view(text_).substr(begin, end - begin));
    begin = end;
  }
  return !blank;
}

bool CsvReader::read_field() {
  skip_spaces();
  if (peek() == '"') {
    take();
    read_quoted();
    skip_spaces();
    require(peek() == delimiter_ || ends_line(peek()),
            "{}, line {}: text follows the closing quote of a field; write a quote inside quotes twice",
            name(), line_);
  } else {
    read_bare();
  }
  return end_field();
}

void CsvReader::read_quoted() {
  any_quote_ = true;
  const std::size_t begun = line_;
  for (;;) {
    const int c = take();
    require(c >= 0, "{}, line {}: the quote that opens a field here never closes; close it", name(), begun);
    if (c == '"') {
      if (peek() != '"') return;
      take();
    }
    if (c == '\n' || (c == '\r' && peek() != '\n')) ++line_;
    append(c);
  }
}

void CsvReader::read_bare() {
  const std::size_t begin = text_.size();
  for (int c = peek(); c != delimiter_ && !ends_line(c); c = peek()) {
    require(c != '"',
            "{}, line {}: a quote stands inside a field without quotes; quote the field and write the quote "
            "twice",
            name(), line_);
    append(take());
  }
  while (text_.size() > begin && is_space(text_.back())) text_.pop_back();
}

bool CsvReader::end_field() {
  ends_.push_back(text_.size());
  const int c = take();
  if (c == '\r' && peek() == '\n') take();
  if (c == '\r' || c == '\n') ++line_;
  require(ends_.size() <= kMaxFields, "{}, line {}: the row has more than {} fields; is this a table?",
          name(), row_line_, kMaxFields);
  return c == delimiter_;
}

void CsvReader::skip_spaces() {
  while (is_space(peek())) take();
}

void CsvReader::append(int c) {
  require(c != 0, "{}, line {}: a zero byte; save the table as CSV in UTF-8", name(), line_);
  require(text_.size() < kMaxRowBytes,
          "{}, line {}: the row is longer than {} MiB; look for a quote that never closes, or for another "
          "line end",
          name(), row_line_, kMaxRowBytes >> 20);
  text_ += static_cast<char>(c);
}

int CsvReader::peek() {
  if (used_ == filled_) {
    filled_ = source_->read(std::as_writable_bytes(std::span(buffer_)));
    used_ = 0;
    if (filled_ == 0) return -1;
  }
  return static_cast<unsigned char>(buffer_[used_]);
}

int CsvReader::take() {
  const int c = peek();
  if (c >= 0) ++used_;
  return c;
}

void CsvReader::pass_byte_order_mark() {
  peek();
  const std::string_view start(buffer_.data(), filled_);
  require(!start.starts_with("\xff\xfe") && !start.starts_with("\xfe\xff"),
          "{} is UTF-16 text; save the table as CSV in UTF-8", name());
  if (start.starts_with("\xef\xbb\xbf")) used_ = 3;
}

}  // namespace tacit
