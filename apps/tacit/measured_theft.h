// What 'tacit audit steal' measured of a model, for those who are told what its sealing does not stop.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "commands.h"

namespace tacit::app {

/// The curve of the best thief at each number of questions.
struct MeasuredTheft {
  struct Point {
    std::size_t queries = 0;
    double agreement = 0;  ///< the part of other questions to which the stolen model gives the same answer
  };
  std::vector<Point> points;  ///< by queries, upwards; at least one
  double guess = 0;           ///< the agreement of who always gives the most frequent answer
  bool random = false;        ///< the questions were random numbers
  bool outside = false;       ///< layers are in the file, and no thief was tried who has them
};

/// SHA-256 of a file, in hexadecimal: by it a report names the ONNX file that was audited. IoError.
std::string digest_of(const fs::path& file);

/// Reads a report, steal.json, of the audit of `model`. `split`: its thieves have the layers that do not stay
/// with the vendor, where the audit tried such; else they have answers alone. UsageError if it is no such
/// report or one of another model; IoError.
MeasuredTheft read_theft(const fs::path& report, const fs::path& model, bool split);

/// "50 questions give 61.0 % of its answers, 1000 give 93.5 % (a guess: 10.2 %)", of a few points.
std::string to_words(const MeasuredTheft& theft);
nlohmann::json to_json(const MeasuredTheft& theft);

}  // namespace tacit::app
