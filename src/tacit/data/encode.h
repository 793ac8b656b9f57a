// Encoding: an owner's files and the agreed schema become rows of numbers, block by block, so that files may
// be larger than memory. Nothing is computed from the data but what the schema says of each cell by itself.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tacit/data/schema.h"
#include "tacit/ring/tensor.h"

namespace tacit {

/// Where an owner's examples lie. What a file is (CSV, NPY, NPZ, IDX; all but NPZ may be gzipped) is told by
/// its content.
struct DataFiles {
  std::filesystem::path
      features;  ///< a table with its label column, or an array whose first axis is the rows
  /// Of arrays only: the labels, one a row. May be the same NPZ. Empty when there are none.
  std::filesystem::path labels = {};
  std::string features_member = {}, labels_member = {};  ///< of an NPZ; empty: its only array
  char delimiter = ',';                                  ///< of a CSV
};

enum class Holding {
  AllColumns,   ///< owners hold different rows; a column that the file lacks is an error
  SomeColumns,  ///< owners hold different columns of the same rows, which the id column names in the same
                ///< order
};

struct EncodeOptions {
  bool with_label = true;  ///< false for data to predict on: a label column is then ignored
  Holding holding = Holding::AllColumns;
};

/// Which part of the schema an owner's file holds.
struct ExampleLayout {
  /// For each number of an encoded row, its place among all encoded features of the schema.
  std::vector<std::size_t> feature_columns = {};
  std::size_t target_width = 0;           ///< 0 or that of the schema's label
  std::vector<std::string> held = {};     ///< the schema's columns in the file: features, then the label
  std::vector<std::string> absent = {};   ///< those that other owners must hold
  std::vector<std::string> ignored = {};  ///< columns of the file that the schema does not name

  std::size_t feature_width() const { return feature_columns.size(); }
};

/// Consecutive encoded examples, row-major.
struct ExampleBlock {
  std::size_t rows = 0;
  std::vector<double> features;  ///< rows x layout.feature_width()
  std::vector<double> targets;   ///< rows x layout.target_width
  std::vector<std::string> ids;  ///< rows, or none when the schema has no id column
};

class ExampleReader {
 public:
  virtual ~ExampleReader() = default;
  const ExampleLayout& layout() const { return layout_; }
  /// The next rows, `max_rows` (at least 1) of them but in the last block; a block of 0 rows is the end.
  /// UsageError for a cell that the schema does not admit, naming file, line, column, problem and remedy, and
  /// for a file without any row. After an error the reader is of no more use.
  virtual ExampleBlock next(std::size_t max_rows) = 0;

 protected:
  ExampleLayout layout_;
};

/// Opens the files and holds them against the schema. UsageError when they do not fit.
std::unique_ptr<ExampleReader> open_examples(const DataFiles& files, const Schema& schema,
                                             const EncodeOptions& options = {});

/// All examples in memory.
struct Dataset {
  ExampleLayout layout;
  ExampleBlock examples;
};
Dataset load_dataset(const DataFiles& files, const Schema& schema, const EncodeOptions& options = {});

/// A block as fixed-point numbers (halves to even), features rows x width and targets rows x width.
struct FixedBlock {
  RingTensor features, targets;
};
FixedBlock to_fixed(const ExampleBlock& block, const ExampleLayout& layout, unsigned fraction_bits);

}  // namespace tacit
