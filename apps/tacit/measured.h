// What 'tacit audit steal' measured of a model, for the report of 'tacit seal': how soon one who may only ask
// has an imitation. It belongs to one file, whose digest it names.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "tacit/crypto/hash.h"

namespace tacit::app {

struct Measured {
  struct Point {
    std::uint64_t queries;
    double agreement;  ///< of the best imitation after so many: 0 to 1
  };
  std::vector<Point> curve;  ///< by their queries
  double guess = 0;          ///< the agreement of who always says the most frequent answer
};

/// Of a whole file. UsageError, IoError.
Digest digest_of_file(const std::filesystem::path& file);
/// What `file` (steal.json) holds of `model`; nothing if no file is named. UsageError for a file that holds
/// no such measurement, or one of another model.
std::optional<Measured> measured_of(const std::filesystem::path& file, const std::filesystem::path& model);
/// In one sentence.
std::string measured_words(const std::optional<Measured>& measured, const std::filesystem::path& model);
nlohmann::json to_json(const std::optional<Measured>& measured);

}  // namespace tacit::app
