#include "tacit/data/encode.h"

#include "tacit/base/error.h"
#include "tacit/data/examples.h"
#include "tacit/data/file_kind.h"
#include "tacit/ring/codec.h"

namespace tacit {

std::unique_ptr<ExampleReader> open_examples(const DataFiles& files, const Schema& schema,
                                             const EncodeOptions& options) {
  check(schema);
  const bool table = file_kind(files.features) == FileKind::Csv;
  require(table || schema.array,
          "{} holds an array, and the schema describes the columns of a table; give a CSV file",
          files.features.string());
  require(!table || !schema.array,
          "{} is a table, and the schema describes arrays; give an NPY, NPZ or IDX file",
          files.features.string());
  return table ? open_table_examples(files, schema, options) : open_array_examples(files, schema, options);
}

Dataset load_dataset(const DataFiles& files, const Schema& schema, const EncodeOptions& options) {
  const auto reader = open_examples(files, schema, options);
  return {reader->layout(), reader->next(SIZE_MAX)};
}

FixedBlock to_fixed(const ExampleBlock& block, const ExampleLayout& layout, unsigned fraction_bits) {
  return {RingTensor({block.rows, layout.feature_width()}, encode_fixed(block.features, fraction_bits)),
          RingTensor({block.rows, layout.target_width}, encode_fixed(block.targets, fraction_bits))};
}

}  // namespace tacit
