#include "tacit/job/plan/dry_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/job/checkpoints.h"
#include "tacit/job/loss_points.h"
#include "tacit/job/overflow_guard.h"
#include "tacit/job/plan/upload_clock.h"
#include "tacit/job/same_rows.h"
#include "tacit/job/score.h"
#include "tacit/job/upload_wire.h"
#include "tacit/mpc/table.h"

namespace tacit::planning {

namespace {

constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 40;
/// Steps that are run one by one, beyond which a dry run is no longer quick.
constexpr std::uint64_t kQuickSteps = 300;

/// A wire to owners, who are not there: what is sent is counted by its channel, and goes nowhere.
class Nowhere final : public Transport {
 public:
  void send(PartyId, const FrameHead&, ByteView) override {}
  FrameHead receive_head(PartyId) override { return nobody(); }
  void receive_body(PartyId, ByteSpan) override { nobody(); }
  void goodbye(std::string_view) noexcept override {}

 private:
  [[noreturn]] static FrameHead nobody() { throw std::logic_error("nobody is heard in a dry run"); }
};

/// Rows without numbers, within their declared ranges (as SharedExamples gives them).
class NoExamples final : public nn::Examples {
 public:
  NoExamples(const Schema& schema, std::uint64_t rows)
      : example_(feature_shape(schema)),
        targets_(target_width(schema)),
        features_range_(feature_range(schema)),
        targets_range_(target_range(schema)),
        rows_(rows) {}
  std::size_t rows() const override { return rows_; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    Shape shape = example_;
    shape.insert(shape.begin(), rows.size());
    const Secret<Real> x = fn::adopt(ctx, {}, shape), y = fn::adopt(ctx, {}, {rows.size(), targets_});
    return {fn::expect(ctx, x, features_range_.low, features_range_.high),
            fn::expect(ctx, y, targets_range_.low, targets_range_.high)};
  }

 private:
  Shape example_;
  std::size_t targets_;
  EncodedRange features_range_, targets_range_;
  std::size_t rows_;
};

bool is_adam(const Job& job) { return job.training.optimiser.name.starts_with("a"); }

/// Whether guarded steps can cost another amount each time: bounds then follow from factors, and Adam's
/// change with every step, and what is dropped out, too.
bool steps_differ(const Job& job, const nn::Graph& graph) {
  return job.training.guard_every != 0 &&
         (is_adam(job) || std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                      [](const nn::Node& n) { return n.op->name == "Dropout"; }));
}

/// Payload and rounds between two counts.
Cost traffic(const Cost& before, const Cost& after) {
  Cost out;
  out.payload = after.payload - before.payload;
  out.rounds = after.rounds - before.rounds;
  return out;
}

/// A piece of work, by all that its cost follows from.
struct Key {
  enum class Kind : std::uint8_t { Step, Checkpoint, Measure } kind;
  std::size_t rows = 0;
  /// Of a step: of which the first makes what the optimiser remembers; digits of its number in a loss's text.
  bool first = false;
  std::size_t loss_digits = 0;
  std::size_t number = 0;                ///< where each one differs
  std::vector<int> exponents = {};       ///< of the optimiser's factors
  std::string known = {};                ///< what a guard knows
  std::vector<std::int64_t> ahead = {};  ///< distances between clocks
  auto operator<=>(const Key&) const = default;
};

class Run {
 public:
  Run(const Job& job, const nn::Graph& graph, const Rows& rows, PartyId self)
      : job_(job),
        graph_(graph),
        rows_(rows),
        split_(split_of(job, rows)),
        engine_(protocol_named(job.protocol).costs(profile_named(job.profile)), self,
                Compute{ring_kernels(detect_isa()), workers_}),
        guarded_(engine_),
        ctx_{job.training.guard_every == 0 ? static_cast<Engine&>(engine_) : guarded_, job.fraction_bits},
        owners_(job.roster().size(), nullptr),
        releases_(job, engine_, owners_),
        guard_(guarded_, job.training, releases_) {
    channels_.reserve(job.owners.size());
  }

  DryRun run() {
    if (job_.checkpoint_every > 0) engine_.tell_all(kBeginBytes);
    share();
    nn::TrainState state = nn::initial_state(ctx_, graph_, job_.training);
    fit(state);
    measure(state.parameters);
    hand_over(state.parameters);
    return counted();
  }

 private:
  void share();
  void same_rows();
  void fit(nn::TrainState& state);
  void checkpoint();
  void measure(const nn::Parameters& parameters);
  void hand_over(const nn::Parameters& parameters);
  std::string known_of(const nn::TrainState& state);
  DryRun counted();

  /// Runs a piece of work, and if the same key comes again, only counts that it came, several times if it
  /// comes so many in a row: what the work costs must follow from the key and from the distances between
  /// clocks. The body says whether it left all else that later work depends on as it found it; if not, it
  /// runs again. How often it was counted; 0 if it ran.
  template <class Body>
  std::uint64_t once(Key key, std::uint64_t in_a_row, Body body) {
    key.ahead = engine_.ahead();
    if (const auto at = seen_.find(key); at != seen_.end()) {
      const std::uint64_t times = at->second.ahead == key.ahead ? in_a_row : 1;
      at->second.more += times;
      engine_.set_ahead(at->second.ahead);
      return times;
    }
    const Cost before = engine_.meter().total();
    const auto scopes = engine_.meter().scopes();
    if (!body()) return 0;
    Seen seen{traffic(before, engine_.meter().total()), {}, engine_.ahead(), 0};
    for (const auto& [path, cost] : engine_.meter().scopes()) {
      const auto at = scopes.find(path);
      seen.scopes[path] = traffic(at == scopes.end() ? Cost() : at->second, cost);
    }
    seen_.emplace(std::move(key), std::move(seen));
    return 0;
  }

  struct Seen {
    Cost total;
    std::map<std::string, Cost> scopes;
    std::vector<std::int64_t> ahead;  ///< afterwards
    std::uint64_t more;               ///< times that it came again
  };

  const Job& job_;
  const nn::Graph& graph_;
  const Rows& rows_;
  Split split_;
  Workers workers_{1};
  DryEngine engine_;
  GuardEngine guarded_;
  fn::Ctx ctx_;
  Nowhere nowhere_;
  std::vector<Channel> channels_;
  std::vector<Channel*> owners_;
  Releases releases_;
  OverflowGuard guard_;
  std::map<Key, Seen> seen_;
  std::uint64_t steps_ = 0;
};

/// As PartyRun::receive_all and compare_manifests have it.
void Run::share() {
  const Meter::Scope scope(engine_.meter(), "sharing");
  const ProtocolInfo& protocol = protocol_named(job_.protocol);
  const std::uint64_t width = feature_width(job_.data.schema) + target_width(job_.data.schema);
  const std::uint64_t owners = job_.data.owners.size();
  // Who holds which columns is not in the job: as if all held the same number.
  const std::uint64_t own = job_.data.holding == Holding::SomeColumns ? (width + owners - 1) / owners : width;
  std::vector<std::uint32_t> clocks;
  for (const std::int64_t a : engine_.ahead())
    clocks.push_back(static_cast<std::uint32_t>(engine_.meter().depth() + a));
  std::uint32_t deepest = 0;
  for (std::size_t i = 0; i < job_.owners.size(); ++i) {
    const std::string& name = job_.owners[i].name;
    const auto data = std::find(job_.data.owners.begin(), job_.data.owners.end(), name);
    const bool brings = data != job_.data.owners.end();
    const bool collects = std::any_of(job_.releases.begin(), job_.releases.end(), [&](const ReleaseRule& r) {
      return r.what != "predictions" && r.what != "scores" && r.what != "same rows" &&
             std::find(r.to.begin(), r.to.end(), name) != r.to.end();
    });
    if (!brings && !collects) continue;
    const PartyId id = party_id(job_.parties.size() + i);
    channels_.emplace_back(nowhere_, engine_.meter(), id, name);
    owners_[index(id)] = &channels_.back();
    if (!brings) {
      deepest = std::max<std::uint32_t>(deepest, 1);
      engine_.tell_outsider(sizeof(Greeting));
      continue;
    }
    const std::uint64_t rows = rows_[static_cast<std::size_t>(data - job_.data.owners.begin())];
    const UploadTraffic upload =
        upload_traffic(protocol, clocks, rows, own, full_component(job_, name, components_of(protocol)));
    deepest = std::max(deepest, upload.depth);
    engine_.tell_outsider(upload.answered[index(engine_.self())]);
  }
  if (deepest > 0) engine_.hear_outsider(deepest);
  for (std::size_t u = 0; u < owners; ++u) engine_.tell_all(sizeof(Digest));
  if (job_.data.holding == Holding::SomeColumns) same_rows();
}

void Run::same_rows() {
  std::vector<Upload> uploads(job_.data.owners.size());
  require_same_rows(ctx_, uploads, releases_);
}

/// What an engine that guards ranges knows of the state: what guarding costs follows from it.
std::string Run::known_of(const nn::TrainState& state) {
  std::string out;
  const auto add = [&](const Secret<Real>& x) {
    const fn::KnownRange r = fn::known_range(ctx_, x);
    out += fmt::format(" {:.17g} {:.17g}", r.low, r.high);
  };
  for (const auto& p : state.parameters) add(p);
  for (const auto* s : state.optimiser->state()) add(*s);
  return out;
}

void Run::fit(nn::TrainState& state) {
  const nn::TrainSettings& settings = job_.training;
  NoExamples examples(job_.data.schema, split_.train);
  const std::size_t batch = settings.batch, per_epoch = (examples.rows() + batch - 1) / batch;
  const std::size_t steps = steps_ = per_epoch * settings.epochs;
  const std::size_t test_batches =
      releases_.allows("metric") ? (split_.test + kTestBatch - 1) / kTestBatch : 0;
  guard_.require_checks(guard_.checks(0, steps) + guard_.checks(0, test_batches));
  std::uint64_t times = 0;
  for (const auto& r : job_.releases)
    if (r.what == "loss") times = r.times;
  const LossPoints points(examples.rows(), settings, times);
  nn::TrainHooks hooks;
  hooks.before_step = [&](std::size_t step) { guard_.begin(step); };
  hooks.wants_loss = [&](std::size_t step) { return points(step); };
  hooks.after_step = [&](const nn::StepInfo& info) {
    guard_.end("a batch");
    if (info.loss != nullptr)
      releases_.release("loss", fmt::format("{} {}", info.step, info.examples), *info.loss);
  };
  const bool differ = steps_differ(job_, graph_), guards = settings.guard_every != 0;
  const auto rate = [&](std::size_t step) {
    return nn::rate_at(settings.optimiser, static_cast<double>(step) / static_cast<double>(per_epoch),
                       static_cast<double>(settings.epochs));
  };
  const auto exponents = [&](std::size_t step, std::size_t size) {
    return nn::factor_exponents(settings.optimiser, rate(step), size, step + 1);
  };
  std::vector<std::size_t> rows(std::min<std::size_t>(batch, examples.rows()));
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (job_.checkpoint_every > 0) checkpoint();
  while (state.step < steps) {
    const std::size_t step = state.step, within = step % per_epoch;
    const auto size = std::min<std::size_t>(batch, examples.rows() - within * batch);
    // The text that goes with a loss has the step's number in it.
    Key key{.kind = Key::Kind::Step,
            .rows = size,
            .first = step == 0,
            .loss_digits = points(step) ? std::to_string(step).size() : 0,
            .number = differ ? step : 0,
            .exponents = exponents(step, size)};
    const std::string known = guards ? known_of(state) : std::string();
    if (guards && settings.guards(step)) key.known = fmt::format("guarded at {:.17g}", rate(step));
    key.known += known;
    // Steps after this one, up to the next that is followed or made by something else.
    const std::size_t every = job_.checkpoint_every;
    std::uint64_t in_a_row = 1;
    if (!guards && step > 0 && size == batch && !points(step))
      while ((within + in_a_row + 1) * batch <= examples.rows() && !points(step + in_a_row) &&
             exponents(step + in_a_row, size) == key.exponents &&
             (every == 0 || (step + in_a_row) % every != 0))
        ++in_a_row;
    const std::uint64_t counted = once(std::move(key), in_a_row, [&] {
      const Meter::Scope scope(engine_.meter(), "train");
      nn::take_step(ctx_, graph_, state, examples, std::span(rows).first(size), settings, hooks);
      return !guards || known_of(state) == known;
    });
    state.step += counted;
    if (job_.checkpoint_every > 0 && (state.step % job_.checkpoint_every == 0 || state.step == steps))
      checkpoint();
  }
}

void Run::checkpoint() {
  once({.kind = Key::Kind::Checkpoint}, 1, [&] {
    const Meter::Scope scope(engine_.meter(), "checkpoint");
    engine_.tell_all(kAgreementBytes);
    return true;
  });
}

void Run::measure(const nn::Parameters& parameters) {
  if (split_.test == 0 || !releases_.allows("metric")) return;
  NoExamples examples(job_.data.schema, split_.test);
  Score score(job_.data.schema.metric);
  std::vector<std::size_t> rows(std::min<std::size_t>(kTestBatch, examples.rows()));
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  for (std::size_t begin = 0; begin < examples.rows(); begin += kTestBatch) {
    const std::size_t number = begin / kTestBatch, size = std::min(kTestBatch, examples.rows() - begin);
    // With the guard on, what is known of the sum changes with every batch.
    const Key key{
        .kind = Key::Kind::Measure, .rows = size, .number = job_.training.guard_every == 0 ? 0 : number};
    once(key, 1, [&] {
      const Meter::Scope scope(engine_.meter(), "measure");
      guard_.begin(number);
      const auto batch = examples.batch(ctx_, std::span(rows).first(size));
      const Secret<Real> inputs[] = {batch.features};
      score.add(ctx_, nn::forward(ctx_, graph_, parameters, inputs)[0], batch.targets);
      guard_.end("a batch of the test rows");
      return true;
    });
  }
  const Meter::Scope scope(engine_.meter(), "measure");
  releases_.release("metric", std::string(to_string(job_.data.schema.metric)), score.sum(ctx_));
}

void Run::hand_over(const nn::Parameters& parameters) {
  if (!releases_.allows("model")) return;
  const Meter::Scope scope(engine_.meter(), "release");
  std::vector<const Secret<Real>*> all;
  for (const auto& p : parameters) all.push_back(&p);
  releases_.release("model", "all parameters in order", fn::join<Real>(ctx_, all));
}

DryRun Run::counted() {
  const auto add = [](Cost& to, const Cost& one, std::uint64_t times) {
    to.payload += one.payload * times;
    to.rounds += one.rounds * times;
  };
  DryRun out;
  out.steps = steps_;
  out.total = traffic({}, engine_.meter().total());
  for (const auto& [path, cost] : engine_.meter().scopes()) out.scopes[path] = traffic({}, cost);
  for (const auto& [key, seen] : seen_) {
    add(out.total, seen.total, seen.more);
    for (const auto& [path, cost] : seen.scopes) add(out.scopes[path], cost, seen.more);
  }
  return out;
}

}  // namespace

Split split_of(const Job& job, const Rows& rows) {
  require(rows.size() == job.data.owners.size(),
          "the job has {} owners of data, and there are {} numbers of rows", job.data.owners.size(),
          rows.size());
  Split out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    require(rows[i] > 0 && rows[i] <= kMaxRows, "{} brings {} rows: it must be 1 to 2^40", job.data.owners[i],
            rows[i]);
    const auto test =
        static_cast<std::uint64_t>(std::floor(job.data.test_fraction * static_cast<double>(rows[i])));
    require(rows[i] > test, "of the {} rows of {} all are for the test set: none is left to train on",
            rows[i], job.data.owners[i]);
    if (job.data.holding == Holding::SomeColumns) {
      require(rows[i] == rows[0],
              "{} has {} rows and {} has {}: owners of different columns have the same rows",
              job.data.owners[0], rows[0], job.data.owners[i], rows[i]);
      out = {rows[i] - test, test};
    } else {
      out.train += rows[i] - test;
      out.test += test;
    }
  }
  return out;
}

DryRun dry_run(const Job& job, const nn::Graph& graph, const Rows& rows, PartyId self) {
  return Run(job, graph, rows, self).run();
}

bool is_quick(const Job& job, const nn::Graph& graph, const Rows& rows) {
  const nn::TrainSettings& s = job.training;
  if (s.guard_every == 0) return true;
  const std::uint64_t steps = (split_of(job, rows).train + s.batch - 1) / s.batch * s.epochs;
  return (steps_differ(job, graph) ? steps : 2 * steps / s.guard_every) <= kQuickSteps;
}

}  // namespace tacit::planning
