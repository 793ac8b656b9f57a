#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/job/examples.h"
#include "tacit/job/loss_points.h"
#include "tacit/job/model_store.h"
#include "tacit/job/party_run.h"
#include "tacit/job/score.h"
#include "tacit/job/step_numbers.h"

namespace tacit {

namespace {

constexpr std::size_t kMaxStats = std::size_t{64} << 20;
}  // namespace

/// Waits until an owner whose errand is done has gone: what it does next comes on a connection of its own.
void PartyRun::see_off(Channel& owner) {
  try {
    owner.receive_up_to("nothing", 0);
  } catch (const PeerError& e) {
    if (e.peer != owner.peer_name()) throw;
  }
}

Channel& PartyRun::connect_owner(PartyId owner) {
  const std::string name = job_.names()[index(owner)];
  tell("waiting for " + name);
  if (options_.wait_for_owner) options_.wait_for_owner(owner);
  owner_channels_[index(owner)].emplace(wire_, party_.meter(), owner, name);
  return *owner_channels_[index(owner)];
}

void PartyRun::fit(nn::TrainState& state) {
  std::optional<Meter::Scope> scope;
  SharedExamples examples(job_, uploads_, SharedExamples::Part::Train);
  report_.train_rows = examples.rows();
  const std::size_t batch = job_.training.batch, per_epoch = (examples.rows() + batch - 1) / batch;
  const std::size_t steps = report_.steps = per_epoch * job_.training.epochs;
  std::uint64_t times = 0;
  for (const auto& r : job_.releases)
    if (r.what == "loss") times = r.times;
  judge([&] { guard_.require_checks(guard_.checks(state.step, steps) + guard_.checks(0, test_batches())); });
  guard_.compare_costs(true);
  nn::TrainHooks hooks;
  hooks.before_step = [&](std::size_t step) { guard_.begin(step); };
  hooks.wants_loss = [&, points = LossPoints(examples.rows(), job_.training, times)](std::size_t step) {
    return step >= losses_until_ && points(step);
  };
  auto keep_checkpoint = [&] {
    scope.reset();
    checkpoint(state);
    scope.emplace(party_.meter(), "train");
  };
  StepShares shares;
  const auto tapped = [&](std::size_t step) { return options_.tap != nullptr && options_.tap->wants(step); };
  const auto keep_shares = [&](const std::vector<const Secret<Real>*>& secrets) {
    for (const Secret<Real>* s : secrets) shares.numbers.push_back(fn::stored(ctx_, *s));
  };
  hooks.after_forward = [&](const nn::ForwardInfo& info) {
    shares = {info.step, {}};
    if (tapped(info.step)) keep_shares(numbers_before_gradients(graph_, info));
  };
  hooks.after_step = [&](const nn::StepInfo& info) {
    steps_done_ = info.step + 1;
    if (!shares.numbers.empty()) {
      keep_shares(numbers_after(state));
      options_.tap->take(party_.id(), std::move(shares));
    }
    judge([&] { guard_.end(fmt::format("batch {} of {} in training", info.step + 1, info.steps)); });
    if (info.loss != nullptr) {
      losses_until_ = info.step + 1;
      note_release("loss", 64);
      const auto total =
          releases_.release("loss", fmt::format("{} {}", info.step, info.examples), *info.loss);
      if (total) {
        last_loss_ = total->values.at(0) / static_cast<double>(info.examples);
        report_.loss.push_back({info.step, *last_loss_});
      }
    }
    tell("training", info.step + 1, info.steps);
    const std::size_t every = job_.checkpoint_every;
    if (every > 0 && (state.step % every == 0 || state.step == steps)) keep_checkpoint();
  };
  if (job_.checkpoint_every > 0 && state.step == 0 && !resumed_) {
    keep_data();
    keep_checkpoint();
  }
  if (!scope) scope.emplace(party_.meter(), "train");
  tell("training", state.step, steps);
  nn::train(ctx_, graph_, state, examples, job_.training, hooks);
  guard_.compare_costs(false);
}

/// Batches in which the test rows are measured, if they are.
std::size_t PartyRun::test_batches() {
  if (!releases_.allows("metric")) return 0;
  return (SharedExamples(job_, uploads_, SharedExamples::Part::Test).rows() + kTestBatch - 1) / kTestBatch;
}

void PartyRun::measure(const nn::Parameters& parameters) {
  SharedExamples examples(job_, uploads_, SharedExamples::Part::Test);
  report_.test_rows = examples.rows();
  if (examples.rows() == 0 || !releases_.allows("metric")) return;
  const Meter::Scope scope(party_.meter(), "measure");
  tell("measuring", 0, examples.rows());
  Score score(job_.data.schema.metric);
  std::vector<std::size_t> rows;
  for (std::size_t begin = 0; begin < examples.rows(); begin += kTestBatch) {
    guard_.begin(begin / kTestBatch);
    rows.resize(std::min(kTestBatch, examples.rows() - begin));
    std::iota(rows.begin(), rows.end(), begin);
    const auto batch = examples.batch(ctx_, rows);
    const Secret<Real> inputs[] = {batch.features};
    score.add(ctx_, nn::forward(ctx_, graph_, parameters, inputs)[0], batch.targets);
    judge([&] { guard_.end(fmt::format("batch {} of the test rows", begin / kTestBatch + 1)); });
    tell("measuring", begin + rows.size(), examples.rows());
  }
  note_release("metric", 64);
  if (const auto told =
          releases_.release("metric", std::string(to_string(job_.data.schema.metric)), score.sum(ctx_)))
    report_.private_metric = score.value(told->values.at(0), examples.rows());
}

void PartyRun::hand_over(const nn::Parameters& parameters) {
  store_model(ctx_, job_, graph_, parameters, start_.id, options_.state);
  if (!releases_.allows("model")) return;
  const Meter::Scope scope(party_.meter(), "release");
  tell("handing over the model");
  std::vector<const Secret<Real>*> all;
  for (const auto& p : parameters) all.push_back(&p);
  note_release("model", 64 * graph_.parameter_count());
  releases_.release("model", "all parameters in order", fn::join<Real>(ctx_, all));
}

/// Everyone tells everyone what it counted.
void PartyRun::tell_counts() {
  report_.seconds = record().seconds;
  report_.resumed = before_.resumed;
  report_.breaks = before_.breaks;
  for (std::size_t i = 0; options_.mended && i < party_.count(); ++i) {
    const PartyId peer = party_id(i);
    const std::size_t times = peer == party_.id() ? 0 : options_.mended(peer);
    if (times > 0) report_.mended[party_.name(peer)] = times;
  }
  report_.parameters = graph_.parameter_count();
  report_.disclosures = releases_.ledger().lines();
  report_.guard = guard_.report();
  for (const Upload& u : uploads_) report_.rows[u.manifest.owner] = u.manifest.rows;
  const std::string text = to_json(sum(before_.spent, own_stats())).dump();
  const std::vector<Bytes> all = party_.tell_all("stats", bytes_of(text), kMaxStats);
  report_.parties.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& name = party_.name(party_id(i));
    try {
      report_.parties[i] = stats_from_json(nlohmann::json::parse(text_of(all[i])));
    } catch (const nlohmann::json::exception&) {
      throw PeerError(name, name + " sent statistics that cannot be read");
    }
    report_.parties[i].name = name;
  }
}

/// The session ends in good order. Owners get the whole report, less what only parties know.
void PartyRun::part_from_owners() {
  RunReport shown = report_;
  shown.loss.clear();
  shown.private_metric.reset();
  shown.rows.clear();  // an owner learns of the others' rows the sum alone
  shown.breaks.clear();
  shown.mended.clear();
  const std::string for_owners = to_json(shown).dump();
  for (Channel* owner : owner_pointers_) {
    if (owner == nullptr) continue;
    owner->send("done", bytes_of(for_owners));
  }
  for (Channel* owner : owner_pointers_) {
    if (owner == nullptr) continue;
    std::byte thanks;
    owner->receive("thanks", std::span(&thanks, 1));
  }
}

/// Data that a party keeps on its disk lie in its store; what an earlier session left there is of no more
/// use.
void PartyRun::open_store() {
  if (options_.identity == nullptr || options_.state.empty()) return;
  store_.emplace(options_.state, *options_.identity);
  if (const std::size_t left = store_->delete_left(); left > 0)
    tell(fmt::format("deleted {} uploads that a session before this had left", left));
}

/// Whatever way the session ends.
void PartyRun::close_store(bool done) {
  uploads_.clear();
  if (store_) store_->end_session(done && options_.keep_data);
}

RunReport PartyRun::train() {
  try {
    return train_whole();
  } catch (const PeerError& e) {
    note_break(e);
    throw;
  }
}

RunReport PartyRun::train_whole() {
  begin();
  open_store();
  receive_all();
  nn::TrainState state = resumed_ ? std::move(*resumed_) : nn::initial_state(ctx_, graph_, job_.training);
  fit(state);
  measure(state.parameters);
  hand_over(state.parameters);
  tell_counts();
  part_from_owners();
  finish_checkpoints();
  close_store(true);
  for (Channel* owner : owner_pointers_)
    if (owner != nullptr) see_off(*owner);
  tell("done", 1, 1);
  return std::move(report_);
}

void PartyRun::abandon() noexcept {
  try {
    close_store(false);
  } catch (const std::exception&) {
    // What is left is deleted when the party runs again; why the run failed is the better thing to tell.
  }
}

RunReport run_party(const Job& job, PartyId self, Transport& wire, const std::string& mode,
                    const PartyOptions& options) {
  return with_goodbye(wire, [&] {
    PartyRun run(job, self, wire, mode, options);
    try {
      return run.train();
    } catch (const std::exception&) {
      run.abandon();
      throw;
    }
  });
}

}  // namespace tacit
