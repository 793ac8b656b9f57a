#include "tacit/job/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "tacit/base/error.h"
#include "tacit/job/phases.h"
#include "tacit/job/training_record.h"

namespace tacit {

namespace {

/// The value of a label: a backslash before quotes and backslashes, and no line breaks.
std::string label_value(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string number(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", x);
}

class Text {
 public:
  Text(std::string_view job, std::string_view party)
      : common_(fmt::format("job_name={},party={}", label_value(job), label_value(party))) {}

  void describe(std::string_view name, std::string_view type, std::string_view help) {
    out_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  void add(std::string_view name, const std::string& value, std::string_view labels = "") {
    out_ += fmt::format("{}{{{}{}{}}} {}\n", name, common_, labels.empty() ? "" : ",", labels, value);
  }
  void one(std::string_view name, std::string_view type, std::string_view help, const std::string& value) {
    describe(name, type, help);
    add(name, value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string common_, out_;
};

bool training(const Progress& p) { return p.phase == "training"; }

}  // namespace

void RunMetrics::observe(const PartyStats& counted, const Progress& progress) {
  const std::lock_guard lock(mutex_);
  if (counted.total.messages < now_.total.messages || counted.total.payload < now_.total.payload)
    before_ = sum(std::move(before_), now_);
  now_ = counted;
  if (training(progress_) && !(training(progress) && progress.done >= progress_.done))
    batches_before_ += progress_.done;
  progress_ = progress;
}

void RunMetrics::doing(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (training(progress_)) batches_before_ += progress_.done;
  progress_ = {what, 0, 0, progress_.loss, progress_.bytes};
}

void RunMetrics::ask_for_peers(std::function<Peers()> peers) {
  const std::lock_guard lock(mutex_);
  peers_ = std::move(peers);
}

std::string RunMetrics::text() const {
  const std::lock_guard lock(mutex_);
  const PartyStats all = sum(before_, now_);
  const Peers peers = peers_ ? peers_() : Peers();
  auto count = [](std::uint64_t n) { return std::to_string(n); };
  Text t(job_, party_);
  t.one("tacit_bytes_sent_total", "counter", "Payload sent over all links.", count(all.total.payload));
  t.one("tacit_overhead_bytes_sent_total", "counter", "Heads of frames sent over all links.",
        count(all.total.overhead));
  t.one("tacit_messages_sent_total", "counter", "Messages sent.", count(all.total.messages));
  t.one("tacit_rounds_total", "counter", "The longest chain of messages that depend on one another.",
        count(all.total.rounds));
  const std::uint64_t batches = batches_before_ + (training(progress_) ? progress_.done : 0);
  t.one("tacit_batches_total", "counter", "Batches of the training that are done.", count(batches));
  if (training(progress_))
    t.one("tacit_batches_planned", "gauge", "Batches that the training has.", count(progress_.total));
  const auto phases = costs_by_phase(all.scopes);
  t.describe("tacit_phase_seconds_total", "counter",
             "Seconds in each phase, as far as its parts have ended.");
  for (const auto& [phase, cost] : phases)
    t.add("tacit_phase_seconds_total", number(cost.seconds), "phase=" + label_value(phase));
  t.describe("tacit_phase_bytes_sent_total", "counter", "Payload sent in each phase.");
  for (const auto& [phase, cost] : phases)
    t.add("tacit_phase_bytes_sent_total", count(cost.payload), "phase=" + label_value(phase));
  t.describe("tacit_doing", "gauge", "1 for what the party does now.");
  t.add("tacit_doing", "1", "what=" + label_value(progress_.phase.empty() ? "starting" : progress_.phase));
  t.describe("tacit_connected_peers", "gauge", "Peers with a link that stands.");
  t.add("tacit_connected_peers", count(peers.parties), "kind=\"party\"");
  t.add("tacit_connected_peers", count(peers.owners), "kind=\"owner\"");
  t.one("tacit_memory_bytes", "gauge", "Memory that the process holds.", count(resident_memory()));
  t.one("tacit_memory_peak_bytes", "gauge", "The most memory that the process has held.",
        count(peak_memory()));
  if (progress_.loss)
    t.one("tacit_loss", "gauge", "The last loss that the release policy let this party see.",
          number(*progress_.loss));
  return t.take();
}

std::uint64_t resident_memory() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  in >> pages >> resident;
  return in ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace tacit
