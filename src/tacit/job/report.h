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

/// How a session of a training that was resumed later ended, as the writer saw it.
struct SessionBreak {
  std::size_t step = 0;  ///< steps that were done
  std::string who;       ///< whom the error named: a peer, or the writer itself
  std::string what;      ///< the error, in one line
};

/// A simulated run held against the same steps in double precision (job/compare.h).
struct ComparisonReport {
  std::size_t batches = 0;  ///< compared
  double largest = 0;       ///< relative difference of all that did not diverge
  std::string largest_at;   ///< ... where it was, in words
  struct Divergence {
    std::size_t batch = 0;            ///< from 0
    std::string place;                ///< in words: "layer dense1, forward"
    std::string layer;                ///< "dense1"; empty where it is no layer's: the data, the loss
    double relative = 0;              ///< root mean square of the difference, over that of the exact numbers
    double exact = 0, simulated = 0;  ///< root mean squares of both
    bool range = false;               ///< the cause: range, or else precision
    std::optional<unsigned> proposed_fraction_bits;  ///< tried on that batch; none if none would do
  };
  std::optional<Divergence> first;
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
  std::map<std::string, std::string> settings;  ///< of the job: what it trains, and how
  std::vector<SessionBreak> breaks;             ///< as far as the writer knows them
  std::map<std::string, std::size_t> mended;    ///< how often the writer's link to a party came back
  std::optional<ComparisonReport> comparison;
};

/// A job's settings as people know them, by their keys in the job file; no names of people, keys or
/// addresses.
std::map<std::string, std::string> settings_of(const Job& job);

/// What the job fixes of a report.
RunReport report_of(const Job& job, std::string mode);

nlohmann::json to_json(const PartyStats&);
PartyStats stats_from_json(const nlohmann::json&);
nlohmann::json to_json(const Disclosure&);
nlohmann::json to_json(const RunReport&);
/// The reverse; UsageError if it is no report.
RunReport report_from_json(const nlohmann::json&);

nlohmann::json to_json(const SessionBreak&);
SessionBreak break_from_json(const nlohmann::json&);

/// Reads a report.json; UsageError if it cannot.
RunReport read_report(const std::filesystem::path& file);

/// The most memory this process has held.
std::uint64_t peak_memory();

/// Writes a whole file or none: to a new name beside it, then renamed. IoError if that fails.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace tacit
