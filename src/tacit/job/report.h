// What a run leaves to be read: how well, how long, how much, and who learned what. Plain data and its JSON
// form (docs/report.md); html.h draws it.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tacit/job/job.h"
#include "tacit/net/meter.h"

namespace tacit {

/// One party's own count of a run.
struct PartyStats {
  std::string name;
  Cost total;
  std::uint64_t memory_bytes = 0;      ///< most that the process held at a time
  std::map<std::string, Cost> scopes;  ///< phases and layers: "train/forward/conv1"
};

struct LossPoint {
  std::size_t step = 0;
  double loss = 0;  ///< mean over the batch
};

/// What guarding against overflow came to, and what it cost this party.
struct GuardReport {
  std::size_t every = 0;    ///< batches from one guarded to the next
  std::size_t checks = 0;   ///< one bit revealed each
  std::size_t numbers = 0;  ///< checked in all of them
  struct Batches {
    std::size_t count = 0;
    Cost cost;  ///< of all of them
  };
  Batches guarded, unguarded;  ///< of the training
};

struct RunReport {
  std::string job, job_hash, protocol, threat, profile;
  std::string mode;                 ///< "three processes over TLS", "simulation", ...
  std::vector<std::string> stamps;  ///< what makes this run less than a real one: "simulation"
  std::string machine;
  unsigned fraction_bits = 16;
  std::size_t train_rows = 0, test_rows = 0, steps = 0, epochs = 0, parameters = 0;
  double seconds = 0;
  std::string metric;  ///< the data's metric
  std::optional<double> private_metric, clear_metric;
  std::vector<std::size_t> resumed;  ///< the steps from which it went on after a break, in order
  std::string clear_note;            ///< where the clear figure comes from
  std::vector<LossPoint> loss, clear_loss;
  std::vector<PartyStats> parties;
  std::map<std::string, std::uint64_t>
      rows;  ///< that each owner brought; parties know it, owners the sum alone
  /// What the plan says of each party, in the same order: payload and rounds, and estimates of seconds and
  /// memory, 0 where there are none. Empty where the run was not planned.
  std::vector<PartyStats> planned;
  std::vector<Disclosure> disclosures;
  std::map<std::string, std::string> security;
  /// The exported model beside the private predictions, where someone may compare them.
  struct Agreement {
    std::size_t examples = 0, same_class = 0, close_calls = 0;
    double score_bound = 0, worst_difference = 0;
  };
  std::optional<Agreement> agreement;
  std::optional<GuardReport> guard;
};

/// What the job fixes of a report.
RunReport report_of(const Job& job, std::string mode);

nlohmann::json to_json(const PartyStats&);
PartyStats stats_from_json(const nlohmann::json&);
nlohmann::json to_json(const Disclosure&);
nlohmann::json to_json(const RunReport&);
/// The reverse; UsageError if it is no report.
RunReport report_from_json(const nlohmann::json&);

/// Reads a report.json; UsageError if it cannot.
RunReport read_report(const std::filesystem::path& file);

/// The most memory this process has held.
std::uint64_t peak_memory();

/// Writes a whole file or none: to a new name beside it, then renamed. IoError if that fails.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace tacit
