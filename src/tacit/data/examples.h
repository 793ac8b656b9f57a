// The two kinds of ExampleReader, for encode.cc alone. The schema has been checked.
#pragma once

#include "tacit/data/encode.h"

namespace tacit {

std::unique_ptr<ExampleReader> open_table_examples(const DataFiles& files, const Schema& schema,
                                                   const EncodeOptions& options);
std::unique_ptr<ExampleReader> open_array_examples(const DataFiles& files, const Schema& schema,
                                                   const EncodeOptions& options);

}  // namespace tacit
