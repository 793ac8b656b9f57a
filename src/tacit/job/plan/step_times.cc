#include "tacit/job/plan/step_times.h"

#include <algorithm>
#include <exception>
#include <numeric>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/job/doctor/needs.h"
#include "tacit/mpc/table.h"
#include "tacit/net/transports/memory.h"
#include "tacit/party/handshake.h"

namespace tacit::planning {

namespace {

using Clock = std::chrono::steady_clock;
/// Rows with which it begins, and rounds without work by which waiting is known.
constexpr std::size_t kFirstRows = 8, kRounds = 64;
/// A step never computes for less than this part of the time in which it also waited.
constexpr double kLeast = 0.2;

class Zeros final : public nn::Examples {
 public:
  Zeros(const Schema& schema, std::size_t rows)
      : features_(feature_shape(schema)), targets_{rows, target_width(schema)} {
    features_.insert(features_.begin(), rows);
  }
  std::size_t rows() const override { return features_[0]; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t>) override {
    return {fn::zeros(ctx, features_), fn::zeros(ctx, targets_)};
  }

 private:
  Shape features_, targets_;
};

/// Scopes of one step at each party.
using Scopes = std::map<std::string, Cost>;

/// One party's part: the second of two steps, less what as many rounds without work take.
Scopes one_party(const Job& job, const nn::Graph& graph, PartyId self, Transport& wire, std::size_t rows,
                 unsigned threads) {
  const ProtocolInfo& protocol = protocol_named(job.protocol);
  Workers workers(threads);
  const SessionStart start = shake_hands(self, job.party_names(), wire, {});
  Party party(self, job.party_names(), wire, start.keys, Compute{ring_kernels(detect_isa()), workers});
  const auto engine = protocol.make(party, profile_named(job.profile));
  fn::Ctx ctx{*engine, job.fraction_bits};
  nn::TrainState state = nn::initial_state(ctx, graph, job.training);
  Zeros examples(job.data.schema, rows);
  std::vector<std::size_t> places(rows);
  std::iota(places.begin(), places.end(), std::size_t{0});
  nn::take_step(ctx, graph, state, examples, places, job.training, {});

  const std::byte nothing{0};
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < kRounds; ++i) party.tell_all("round", std::span(&nothing, 1));
  const double round = std::chrono::duration<double>(Clock::now() - begin).count() / kRounds;

  const Scopes before = party.meter().scopes();
  nn::take_step(ctx, graph, state, examples, places, job.training, {});
  Scopes out;
  for (const auto& [path, now] : party.meter().scopes()) {
    Cost& cost = out[path] = now;
    if (const auto at = before.find(path); at != before.end()) {
      cost.seconds -= at->second.seconds;
      cost.rounds -= at->second.rounds;
    }
    cost.seconds = std::max(kLeast * cost.seconds, cost.seconds - static_cast<double>(cost.rounds) * round);
  }
  return out;
}

/// The mean over parties, who wait for one another.
std::map<std::string, double> step_of(const Job& job, const nn::Graph& graph, std::size_t rows,
                                      unsigned threads) {
  const std::size_t n = job.parties.size();
  auto wires = memory_transports(job.party_names(), std::chrono::hours(1));
  std::vector<Scopes> told(n);
  std::vector<std::exception_ptr> errors(n);
  std::vector<std::thread> parties;
  for (std::size_t i = 0; i < n; ++i)
    parties.emplace_back([&, i] {
      try {
        told[i] = one_party(job, graph, party_id(i), *wires[i], rows, threads);
      } catch (const std::exception& e) {
        errors[i] = std::current_exception();
        wires[i]->goodbye(e.what());
      }
    });
  for (auto& t : parties) t.join();
  for (const auto& e : errors) {
    try {
      if (e) std::rethrow_exception(e);
    } catch (const PeerError&) {  // somebody else failed: look on for whom
    }
  }
  for (const auto& e : errors)
    if (e) std::rethrow_exception(e);
  std::map<std::string, double> out;
  for (const Scopes& scopes : told)
    for (const auto& [path, cost] : scopes) out[path] += cost.seconds / static_cast<double>(n);
  return out;
}

double whole(const std::map<std::string, double>& scopes) {
  double sum = 0;
  for (const char* pass : {"forward", "backward", "update"})
    if (const auto at = scopes.find(pass); at != scopes.end()) sum += at->second;
  return sum;
}

}  // namespace

std::uint64_t memory_to_measure(const Job& job, const nn::Graph& graph) {
  Job few = job;
  few.training.batch = std::min(job.training.batch, kFirstRows);
  std::uint64_t out = 0;
  for (std::size_t p = 0; p < job.parties.size(); ++p)
    out += 3 * doctor::step_memory(few, graph, party_id(p));
  return out;
}

StepTimes measure_steps(const Job& job, const nn::Graph& graph, double budget) {
  const unsigned processors = available_processors();
  const auto parties = static_cast<unsigned>(job.parties.size());
  StepTimes out;
  out.threads = std::max(1u, processors / parties);
  out.processors = std::min(processors, parties * out.threads);
  out.rows = std::min(job.training.batch, kFirstRows);
  out.scopes = step_of(job, graph, out.rows, out.threads);
  // Two steps are run; each row more adds a part that is at most the first ones' mean.
  const double a_row = 2 * whole(out.scopes) / static_cast<double>(out.rows);
  const auto most = static_cast<std::size_t>(std::min(1e6, budget / std::max(a_row, 1e-9)));
  if (const std::size_t rows = std::min(job.training.batch, most); rows > out.rows) {
    out.rows = rows;
    out.scopes = step_of(job, graph, rows, out.threads);
  }
  return out;
}

}  // namespace tacit::planning
