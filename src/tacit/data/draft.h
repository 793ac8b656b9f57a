// A first draft of a schema, guessed from one table for a person to correct. Its ranges and lists of values
// come from that table and would be published with the schema, so the draft says of each column what would.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tacit/data/schema.h"

namespace tacit {

struct Draft {
  Schema schema;  ///< passes check()
  /// Sentences for people: one on the whole, then one for each column of the file in order.
  std::vector<std::string> notes;
};

/// Reads the whole file once. UsageError when it has no rows or no column to learn from.
Draft draft_schema(const std::filesystem::path& csv, char delimiter = ',');

/// The range [low, high] widened to round numbers, by less than a tenth of its width at either end.
NumberRange friendly_range(double low, double high);

}  // namespace tacit
