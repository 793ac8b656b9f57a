#include "tacit/job/compare.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/fn/guard.h"
#include "tacit/job/overflow_guard.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/table.h"
#include "tacit/ring/codec.h"

namespace tacit {

namespace {

/// Numbers have diverged when the difference is more than a quarter of what they ought to be; and others are
/// proposed under which it is at most a sixteenth.
constexpr double kDiverged = 0.25, kFine = 0.0625;
/// Rounding is judged over some batches: in a single one a small tensor may be small by chance.
constexpr std::size_t kBatchesToJudge = 4;
/// In units of the last place: exact numbers below it count as this large, so that nothing is divided by 0.
constexpr double kLeast = 1.0 / 1024;

std::size_t steps_of(const Job& job, std::size_t rows) {
  return (rows + job.training.batch - 1) / job.training.batch * job.training.epochs;
}

/// The layer in a path such as train/backward/block/conv1; empty if there is none.
std::string layer_in(const std::string& path) {
  const std::size_t phase = path.find('/');
  if (phase == std::string::npos) return "";
  const std::size_t pass = path.find('/', phase + 1);
  const std::string layer = pass == std::string::npos ? "" : path.substr(pass + 1);
  return layer == "loss" ? "" : layer;
}

}  // namespace

RunComparison::Difference& RunComparison::Difference::operator+=(const Difference& more) {
  squares += more.squares;
  exact += more.exact;
  simulated += more.simulated;
  count += more.count;
  finite = finite && more.finite;
  return *this;
}

double RunComparison::Difference::relative(double unit) const {
  if (!finite) return 1e300;
  const double least = static_cast<double>(count) * std::pow(unit * kLeast, 2);
  return count == 0 ? 0 : std::min(1e300, std::sqrt(squares / (exact + least)));
}

bool RunComparison::Difference::diverged(double unit) const { return relative(unit) > kDiverged; }

RunComparison::RunComparison(const Job& job, const std::vector<DataFiles>& data)
    : job_(job),
      graph_(build_model(job)),
      tables_(clear::load(job, data)),
      steps_(steps_of(job, tables_.train.rows)),
      unit_(std::ldexp(1.0, -static_cast<int>(job.fraction_bits))) {
  for (const nn::ValueId id : graph_.parameters()) {
    PublicTensor p = graph_.values[id].initial;
    p.values = decode_fixed(encode_fixed(p.values, job.fraction_bits), job.fraction_bits);
    start_.push_back(std::move(p));
  }
}

StepTap RunComparison::tap() {
  return {[this](std::size_t) {
            const std::lock_guard lock(mutex_);
            return !report_.first.has_value();
          },
          [this](PartyId party, StepShares shares) { take(party, std::move(shares)); }};
}

ComparisonReport RunComparison::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void RunComparison::take(PartyId party, StepShares shares) {
  const std::lock_guard lock(mutex_);
  if (report_.first) return;
  const std::size_t step = shares.step;
  auto& all = waiting_[step];
  all[party] = std::move(shares);
  if (all.size() < job_.parties.size()) return;
  std::vector<StepShares> of_parties;
  for (auto& [who, own] : all) of_parties.push_back(std::move(own));
  waiting_.erase(step);
  compare(step, assembled(of_parties));
}

/// Every number is the sum of its components, each of which some party holds.
RunComparison::Numbers RunComparison::assembled(const std::vector<StepShares>& of_parties) const {
  const auto& sets = protocol_named(job_.protocol).component_sets;
  unsigned components = 0;
  for (const auto& set : sets)
    for (unsigned c : set) components = std::max(components, c + 1);
  Numbers out;
  for (std::size_t n = 0; n < of_parties.front().numbers.size(); ++n) {
    RingTensor sum = RingTensor::zeros(of_parties.front().numbers[n].front().shape);
    for (unsigned c = 0; c < components; ++c) {
      const RingTensor* part = nullptr;
      for (std::size_t p = 0; p < sets.size() && part == nullptr; ++p)
        for (std::size_t k = 0; k < sets[p].size(); ++k)
          if (sets[p][k] == c) part = &of_parties[p].numbers.at(n).at(k);
      ensure(part != nullptr && part->shape == sum.shape, "every component is some party's");
      for (std::size_t i = 0; i < sum.size(); ++i) sum.words[i] += part->words[i];
    }
    out.push_back({sum.shape, decode_fixed({sum.data(), sum.size()}, job_.fraction_bits)});
  }
  return out;
}

/// Which numbers are compared as one, when these nodes have secret results.
std::vector<RunComparison::Place> RunComparison::places_of(const std::vector<std::size_t>& secret_nodes) {
  std::vector<Place> out{{"train", "", {0, 1}, false}};
  std::size_t at = 2;
  for (std::size_t n : secret_nodes)
    out.push_back({"train/forward/" + graph_.nodes[n].name, graph_.nodes[n].name, {at++}, false});
  out.push_back({"train/forward/loss", "", {at++}, false});
  first_parameter_ = at;
  const auto parameters = graph_.parameters();
  std::vector<bool> taken(parameters.size());
  for (std::size_t n = graph_.nodes.size(); n-- > 0;) {
    const nn::Node& node = graph_.nodes[n];
    Place place{"train/update", node.name, {}, true};
    for (std::size_t i = 0; i < parameters.size(); ++i)
      if (!taken[i] &&
          std::find(node.inputs.begin(), node.inputs.end(), parameters[i]) != node.inputs.end()) {
        taken[i] = true;
        place.numbers.push_back(at + i);
      }
    if (!place.numbers.empty()) out.push_back(std::move(place));
  }
  return out;
}

std::string RunComparison::words_of(const Place& place) {
  return place.change ? fmt::format("layer {}, update of its weights", place.layer)
                      : place_in_words(place.path);
}

RunComparison::Difference RunComparison::difference(const Place& place, const Numbers& exact,
                                                    const Numbers& simulated) const {
  Difference out;
  for (std::size_t n : place.numbers) {
    const auto &a = exact.at(n).values, &b = simulated.at(n).values;
    ensure(a.size() == b.size(), "both runs compute tensors of the same shapes");
    // Parameters come last, as they do at the step's start.
    const std::vector<double>* from = place.change ? &start_.at(n - first_parameter_).values : nullptr;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double start = from == nullptr ? 0 : (*from)[i], x = a[i] - start, y = b[i] - start;
      out.squares += (x - y) * (x - y);
      out.exact += x * x;
      out.simulated += y * y;
    }
    out.count += a.size();
  }
  out.finite = std::isfinite(out.squares) && std::isfinite(out.exact);
  return out;
}

/// The same step from the same start: in doubles, or in fixed point with so many digits, guarded. UsageError
/// where fixed-point numbers cannot even be written.
RunComparison::Computed RunComparison::compute(bool exact, unsigned fraction_bits, std::size_t step) {
  const Compute here{ring_kernels(detect_isa()), workers_};
  plain::PlainEngine fixed(here);
  plain::DoubleEngine real(here);
  Engine& plain_engine = exact ? static_cast<Engine&>(real) : fixed;
  GuardEngine guard(plain_engine);
  fn::Ctx ctx{exact ? plain_engine : static_cast<Engine&>(guard), fraction_bits};
  nn::TrainState state{step, {}, nn::make_optimiser(job_.training.optimiser)};
  const std::size_t parameters = graph_.parameters().size();
  std::vector<Secret<Real>> kept;
  for (std::size_t i = 0; i < start_.size(); ++i)
    (i < parameters ? state.parameters : kept).push_back(fn::constant(ctx, start_[i]));
  if (step > 0) state.optimiser->restore(step, std::move(kept));
  Computed out;
  auto note = [&](const std::vector<const Secret<Real>*>& secrets) {
    for (const auto* s : secrets) out.numbers.push_back(clear::value_of(plain_engine, *s));
  };
  nn::TrainHooks hooks;
  hooks.goes_on = [&](std::size_t next) { return next == step; };
  hooks.before_step = [&](std::size_t) { guard.watch(!exact); };
  hooks.after_forward = [&](const nn::ForwardInfo& info) {
    note(numbers_before_gradients(graph_, info));
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const auto& value = info.tape.values[graph_.nodes[n].output];
      if (value && value->is_secret()) out.secret_nodes.push_back(n);
    }
  };
  hooks.after_step = [&](const nn::StepInfo&) {
    if (exact) return;
    const auto verdict = fn::settle_checks(guard, true);
    guard.watch(false);
    if (!verdict || !verdict->each) return;
    const PublicTensor each = clear::value_of(plain_engine, *verdict->each);
    for (std::size_t i = 0; i < verdict->places.size(); ++i)
      if (each.values.at(i) != 0) out.left_range.push_back(verdict->places[i]);
  };
  const Meter::Scope scope(plain_engine.meter(), "train");
  nn::train(ctx, graph_, state, examples_, job_.training, hooks);
  note(numbers_after(state));
  return out;
}

void RunComparison::compare(std::size_t step, Numbers simulated) {
  const Computed exact = compute(true, job_.fraction_bits, step);
  ensure(exact.numbers.size() == simulated.size(), "both runs have the same numbers");
  if (places_.empty()) {
    places_ = places_of(exact.secret_nodes);
    so_far_.resize(places_.size());
  }
  std::vector<Difference> now;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    now.push_back(difference(places_[i], exact.numbers, simulated));
    so_far_[i] += now[i];
  }
  report_.batches = step + 1;
  auto first_of = [&](const std::vector<Difference>& all) {
    return static_cast<std::size_t>(
        std::find_if(all.begin(), all.end(), [&](const Difference& d) { return d.diverged(unit_); }) -
        all.begin());
  };
  // A number that left its range is wrong at once, and by much: the same step says so, guarded.
  if (const std::size_t i = first_of(now); i < places_.size()) {
    std::vector<std::string> left;
    bool range = !now[i].finite;
    try {
      left = compute(false, job_.fraction_bits, step).left_range;
      range = range || !left.empty();
    } catch (const UsageError&) { range = true; }  // a number that cannot be written with these digits
    if (range) return found(step, places_[i], now[i], true, left, exact.numbers);
  }
  if (step + 1 >= std::min(kBatchesToJudge, steps_))
    if (const std::size_t i = first_of(so_far_); i < places_.size())
      return found(step, places_[i], so_far_[i], false, {}, exact.numbers);
  report_.largest = 0;
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (const double r = so_far_[i].relative(unit_); r > report_.largest) {
      report_.largest = r;
      report_.largest_at = words_of(places_[i]);
    }
  start_.assign(std::make_move_iterator(simulated.begin() + static_cast<std::ptrdiff_t>(first_parameter_)),
                std::make_move_iterator(simulated.end()));
}

void RunComparison::found(std::size_t step, const Place& place, const Difference& how, bool range,
                          const std::vector<std::string>& left_range, const Numbers& exact) {
  ComparisonReport::Divergence d;
  d.batch = step;
  d.place = words_of(place);
  d.layer = place.layer;
  // Gradients are not compared by themselves; the guard says in which layer's they left their range.
  if (place.change)
    for (const std::string& path : left_range)
      if (path.starts_with("train/backward/")) {
        d.place = place_in_words(path);
        d.layer = layer_in(path);
        break;
      }
  const auto size = [&](double squares) {
    const double mean = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, how.count)));
    return std::isfinite(mean) ? mean : 1e300;
  };
  d.relative = how.relative(unit_);
  d.exact = size(how.exact);
  d.simulated = size(how.simulated);
  d.range = range;
  d.proposed_fraction_bits = proposed(step, place, range, exact);
  report_.first = std::move(d);
  waiting_.clear();
}

/// The digits nearest to the job's under which that step holds: more if they were too few, fewer if there was
/// too little room before the point. Tried, not estimated.
std::optional<unsigned> RunComparison::proposed(std::size_t step, const Place& place, bool range,
                                                const Numbers& exact) {
  for (unsigned f = job_.fraction_bits; range ? f > kMinFractionBits : f < kMaxFractionBits;) {
    f = range ? f - 1 : f + 1;
    try {
      const Computed tried = compute(false, f, step);
      if (!tried.left_range.empty()) continue;
      const double unit = std::ldexp(1.0, -static_cast<int>(f));
      if (difference(place, exact, tried.numbers).relative(unit) <= kFine) return f;
    } catch (const UsageError&) {
      // A number that cannot be written with these digits: with others, perhaps.
    }
  }
  return std::nullopt;
}

std::string in_words(const ComparisonReport& r) {
  auto percent = [](double x) {
    return x < 1e4 ? fmt::format("{:.3g} %", 100 * x) : fmt::format("{:.1g} times", x);
  };
  if (!r.first)
    return r.batches == 0
               ? std::string("No batch was compared with double precision")
               : fmt::format(
                     "In all {} batches the simulated run agrees with double precision: the largest "
                     "difference is {} of the numbers' own size ({})",
                     r.batches, percent(r.largest), r.largest_at.empty() ? "nowhere" : r.largest_at);
  const ComparisonReport::Divergence& d = *r.first;
  const std::string better =
      d.proposed_fraction_bits ? fmt::format("fraction_bits = {} holds that batch", *d.proposed_fraction_bits)
                               : std::string("no other fraction_bits holds that batch");
  return fmt::format(
      "Batch {} ({}) is the first to differ from double precision, by {} of the numbers' own size; the cause "
      "is "
      "{}: {}; {} (docs/numbers-that-are-wrong.md)",
      d.batch + 1, d.place, percent(d.relative), d.range ? "range" : "precision",
      d.range ? "some number became too large, so take a smaller learning rate or scale the inputs"
              : "numbers are too small for the digits behind the point",
      better);
}

}  // namespace tacit
