// One party or owner of a job, as this process runs it: its job, key, folders and connection.
#pragma once

#include "commands.h"
#include "metrics_server.h"
#include "tacit/job/metrics.h"
#include "tacit/job/run_owner.h"
#include "tacit/job/run_party.h"
#include "tacit/net/transports/tls.h"

namespace tacit::app {

/// A job as a driver on one machine changed it: other addresses and keys, made for the occasion.
Job read_job_with_overrides(const fs::path& file, const fs::path& overrides);
void write_overrides(const Job& job, const fs::path& file);

/// A model from a file is read, and each of its operators tried without data, before anybody is met.
/// UsageError with all that is not supported.
void require_model(const Job& job);

/// "OWNER=FILE" options by owner; a bare FILE belongs to `only`. UsageError for unknown or missing owners.
std::map<std::string, DataFiles> data_by_owner(const Job& job, const std::vector<std::string>& data,
                                               const std::vector<std::string>& labels,
                                               const std::string& only);

/// The threads for one party, when `parties_here` of them share this machine.
unsigned threads_for(unsigned asked, std::size_t parties_here);

/// Where progress goes: to a driver's pipe, or to the terminal.
class ProgressSink {
 public:
  ProgressSink(int fd, const Style& style) : fd_(fd), line_(style) {}
  void operator()(const Progress& progress);
  void finish() { line_.finish(); }

 private:
  int fd_;
  ProgressLine line_;
};
Progress progress_from_line(const std::string& line);

class Place {
 public:
  Place(const PlaceOptions& options, const Style& style);

  const Job& job() const { return job_; }
  PartyId self() const { return self_; }
  const std::string& name() const { return name_; }
  const fs::path& out() const { return out_; }
  const fs::path& state() const { return state_; }
  const Identity& identity() const { return *identity_; }
  ProgressSink& sink() { return sink_; }
  Transport& wire() { return shaped_ ? *shaped_ : static_cast<Transport&>(*tls_); }
  TlsTransport& tls() { return *tls_; }

  /// Connects to all parties over TLS.
  void connect();
  /// What goes on while there is no run yet.
  void show(const std::string& what);
  PartyOptions party_options();
  /// How an owner comes back to all parties after a break, within the job's patience.
  OwnerReturn owner_return();
  std::string mode() const;
  /// Writes report.json and report.html into the results' folder, and stamps.
  void write_report(RunReport report) const;

 private:
  const PlaceOptions& options_;
  Style style_;
  Job job_;
  std::string name_;
  PartyId self_{};
  fs::path out_, state_;
  std::optional<Identity> identity_;
  std::unique_ptr<TlsTransport> tls_;
  std::unique_ptr<Transport> shaped_;
  ProgressSink sink_;
  // The server is the first to go: it asks the others.
  std::optional<RunMetrics> metrics_;
  std::optional<MetricsServer> metrics_server_;
};

/// Writes model.onnx into `folder` if the model is among what was received; what became of it, for the
/// report.
bool write_received_model(const Job& job, const OwnerResult& result, const fs::path& folder);
/// Writes predictions.csv and scores.csv into `folder`, of what was received; the files.
std::vector<fs::path> write_received_predictions(const Job& job, const OwnerResult& result,
                                                 const fs::path& folder);

}  // namespace tacit::app
