// Examples from a CSV table: finds the columns that the schema names, then encodes cell by cell.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/cell.h"
#include "tacit/data/csv.h"
#include "tacit/data/examples.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

class TableExamples final : public ExampleReader {
 public:
  TableExamples(const DataFiles& files, const Schema& schema, const EncodeOptions& options)
      : schema_(schema),
        options_(options),
        missing_(schema.missing.begin(), schema.missing.end()),
        csv_(open_bytes(files.features), files.delimiter) {
    std::size_t encoded = 0;
    for (const Column& column : schema_.features) {
      const std::size_t width = encoded_width(column);
      if (hold(column, features_))
        for (std::size_t i = 0; i < width; ++i) layout_.feature_columns.push_back(encoded + i);
      encoded += width;
    }
    if (schema_.label && options.with_label && hold(*schema_.label, label_))
      layout_.target_width = target_width(schema_);
    require(!layout_.held.empty(), "{} has none of the schema's columns; its own are {}", csv_.name(),
            listed());
    if (!schema_.id.empty()) id_ = needed(schema_.id);
    list_ignored();
  }

  ExampleBlock next(std::size_t max_rows) override {
    ExampleBlock block;
    while (block.rows < max_rows && csv_.next_row()) {
      const CellPlace place{csv_.name(), csv_.line()};
      for (const auto& [encoder, field] : features_)
        encoder.encode(csv_.fields()[field], place, block.features);
      for (const auto& [encoder, field] : label_) encoder.encode(csv_.fields()[field], place, block.targets);
      if (id_) block.ids.push_back(id_cell(place));
      ++block.rows;
    }
    any_row_ = any_row_ || block.rows > 0;
    require(any_row_, "{} has a header and no rows; there is nothing to encode", csv_.name());
    return block;
  }

 private:
  struct Held {
    ColumnEncoder encoder;
    std::size_t field;
  };

  std::optional<std::size_t> find(const std::string& name) const {
    const auto& header = csv_.header();
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header.begin());
  }

  std::size_t needed(const std::string& name) const {
    const auto field = find(name);
    if (field) return *field;
    const std::string& only = csv_.header()[0];
    require(csv_.header().size() > 1 || only.find_first_of(",;\t") == std::string::npos,
            "{} has a single column, {}; its fields seem to be separated by another delimiter, so name that",
            csv_.name(), shown(only));
    throw UsageError(
        fmt::format("{} has no column {}, which the schema needs; the nearest is {}; correct the name in the "
                    "file or in the schema",
                    csv_.name(), shown(name), shown(nearest(name, csv_.header()))));
  }

  /// Notes whether the file has the column; true when it does.
  bool hold(const Column& column, std::vector<Held>& into) {
    if (options_.holding == Holding::SomeColumns && !find(column.name)) {
      layout_.absent.push_back(column.name);
      return false;
    }
    into.push_back({ColumnEncoder(column, missing_), needed(column.name)});
    layout_.held.push_back(column.name);
    return true;
  }

  void list_ignored() {
    for (std::size_t i = 0; i < csv_.header().size(); ++i) {
      const std::string& name = csv_.header()[i];
      const bool used =
          !name.empty() && (name == schema_.id ||
                            std::find(layout_.held.begin(), layout_.held.end(), name) != layout_.held.end());
      if (!used)
        layout_.ignored.push_back(name.empty() ? fmt::format("column {} (without a name)", i + 1) : name);
    }
  }

  std::string listed() const {
    std::string list;
    for (const std::string& name : csv_.header()) list += (list.empty() ? "" : ", ") + in_quotes(name);
    return list;
  }

  std::string id_cell(const CellPlace& place) const {
    const std::string_view cell = csv_.fields()[*id_];
    if (missing_.contains(cell))
      throw UsageError(fmt::format("{}: the id is missing ({}); every row needs one", place.text(schema_.id),
                                   shown(cell)));
    return std::string(cell);
  }

  const Schema schema_;
  const EncodeOptions options_;
  const MissingSet missing_;
  CsvReader csv_;
  std::vector<Held> features_, label_;  ///< label_ has one or none
  std::optional<std::size_t> id_;
  bool any_row_ = false;
};

}  // namespace

std::unique_ptr<ExampleReader> open_table_examples(const DataFiles& files, const Schema& schema,
                                                   const EncodeOptions& options) {
  require(files.labels.empty(), "{} cannot hold the labels of a table; name the label's column in the schema",
          files.labels.string());
  require(options.holding == Holding::AllColumns || !schema.id.empty(),
          "owners that hold different columns need an id column that names the rows; name it in the schema");
  return std::make_unique<TableExamples>(files, schema, options);
}

}  // namespace tacit
