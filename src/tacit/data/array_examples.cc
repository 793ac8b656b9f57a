// Examples from an array file, an element a number, with the labels in another array.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/data/cell.h"
#include "tacit/data/examples.h"
#include "tacit/data/file_kind.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

/// "28x28" and "1x28x28" are the same example; "28x28x3" and "3x28x28" are not.
Shape without_ones(Shape shape) {
  std::erase(shape, std::size_t{1});
  return shape;
}

class ArrayExamples final : public ExampleReader {
 public:
  ArrayExamples(const DataFiles& files, const Schema& schema, bool with_label)
      : schema_(schema),
        missing_(schema.missing.begin(), schema.missing.end()),
        features_(open_array(files.features, files.features_member)) {
    const Shape row(features_.shape().begin() + 1, features_.shape().end());
    require(without_ones(row) == without_ones(schema_.shape),
            "{} holds examples of shape {}, and the schema says {}; reorder the axes, or correct the schema",
            features_.name(), to_string(row), to_string(schema_.shape));
    require(features_.row_count() > 0, "{} has no rows; there is nothing to encode", features_.name());
    layout_.feature_columns.resize(features_.row_elements());
    std::iota(layout_.feature_columns.begin(), layout_.feature_columns.end(), std::size_t{0});
    if (with_label) open_labels(files);
  }

  ExampleBlock next(std::size_t max_rows) override {
    const std::size_t begin = next_row_, end = begin + std::min(max_rows, features_.row_count() - begin);
    ExampleBlock block;
    if (begin == end) return block;
    block.rows = end - begin;
    block.features = features_.rows(begin, end);
    for (std::size_t i = 0; i < block.features.size(); ++i) encode_element(block.features[i], begin, i);
    if (labels_) encode_labels(begin, end, block.targets);
    next_row_ = end;
    return block;
  }

 private:
  void open_labels(const DataFiles& files) {
    require(!files.labels.empty(),
            "the schema has a label, {}, and no file of labels is given beside {}; give one",
            shown(schema_.label->name), features_.name());
    labels_.emplace(open_array(files.labels, files.labels_member));
    require(labels_->row_elements() == 1, "{} holds labels of shape {}; give one number a row",
            labels_->name(), to_string(labels_->shape()));
    require(labels_->row_count() == features_.row_count(),
            "{} and {} differ in their number of rows, {} and {}; each example needs one label",
            labels_->name(), features_.name(), labels_->row_count(), features_.row_count());
    label_encoder_.emplace(*schema_.label, missing_);
    layout_.target_width = target_width(schema_);
    layout_.held.push_back(schema_.label->name);
  }

  /// `index` counts elements from the row `begin`.
  void encode_element(double& value, std::size_t begin, std::size_t index) const {
    const NumberRange& range = *schema_.array;
    if (!(value >= range.low && value <= range.high)) {
      const std::size_t row = begin + index / features_.row_elements();
      throw UsageError(
          fmt::format("{}, row {} (counted from 0), element {}: {} lies outside the declared range [{}, {}]; "
                      "correct it, or widen the range in the schema",
                      features_.name(), row, index % features_.row_elements(), value, number_text(range.low),
                      number_text(range.high)));
    }
    value = range.encode(value);
  }

  void encode_labels(std::size_t begin, std::size_t end, std::vector<double>& targets) {
    const std::vector<double> labels = labels_->rows(begin, end);
    for (std::size_t i = 0; i < labels.size(); ++i)
      label_encoder_->encode(number_text(labels[i]), {labels_->name(), begin + i, true}, targets);
  }

  const Schema schema_;
  const MissingSet missing_;
  ArrayReader features_;
  std::optional<ArrayReader> labels_;
  std::optional<ColumnEncoder> label_encoder_;
  std::size_t next_row_ = 0;
};

}  // namespace

std::unique_ptr<ExampleReader> open_array_examples(const DataFiles& files, const Schema& schema,
                                                   const EncodeOptions& options) {
  require(options.holding == Holding::AllColumns,
          "arrays cannot be split by columns among owners; split their rows");
  require(schema.label || files.labels.empty(),
          "the schema has no label, so the labels {} are of no use; leave them out", files.labels.string());
  return std::make_unique<ArrayExamples>(files, schema, schema.label && options.with_label);
}

}  // namespace tacit
