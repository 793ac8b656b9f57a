// CSV, read row by row: RFC 4180 quoting; lines that end in LF, CRLF or a bare CR; a UTF-8 byte order mark
// and blank lines passed over; spaces around fields trimmed, inside quotes kept. Nothing is guessed: a row
// with another number of fields than the header, or a stray quote, is a UsageError that names the line.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tacit/data/source.h"

namespace tacit {

class CsvReader {
 public:
  /// Reads the header line; its names must differ, but for empty ones. The delimiter is ',', ';', '\t' or
  /// another character that is not a quote, a space or a line end.
  explicit CsvReader(std::unique_ptr<ByteSource> source, char delimiter = ',');

  /// What messages call the file.
  const std::string& name() const { return source_->name(); }
  const std::vector<std::string>& header() const { return header_; }
  /// Goes to the next row; false at the end.
  bool next_row();
  /// The fields of the row, as many as the header has; valid until the next next_row().
  std::span<const std::string_view> fields() const { return fields_; }
  /// The line of the file on which the row begins; the first is 1.
  std::size_t line() const { return row_line_; }

 private:
  bool read_record();  ///< into fields_; false when nothing but blank lines is left
  bool read_field();   ///< false when it was the last of its record
  void read_quoted();  ///< from behind the opening quote to behind the closing one
  void read_bare();
  bool end_field();
  void skip_spaces();
  void append(int c);
  int peek();  ///< the next byte; -1 at the end
  int take();  ///< the same, and goes past it
  void pass_byte_order_mark();
  bool is_space(int c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  bool ends_line(int c) const { return c < 0 || c == '\n' || c == '\r'; }

  std::unique_ptr<ByteSource> source_;
  int delimiter_;
  std::vector<char> buffer_;
  std::size_t used_ = 0, filled_ = 0;
  std::size_t line_ = 1, row_line_ = 1;  ///< of the next byte; where the current row begins
  std::string text_;                     ///< the fields of the row, one behind the other
  std::vector<std::size_t> ends_;        ///< where each ends in text_
  bool any_quote_ = false;               ///< in the row: a line of "" is no blank line
  std::vector<std::string> header_;
  std::vector<std::string_view> fields_;
};

}  // namespace tacit
