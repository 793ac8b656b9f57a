// Checkpoints of a training, and going on from one. A checkpoint is written by every party, then agreed on,
// and only then does the one before it go; so at any moment there is one that all have, whole. Reveals are
// noted before they are made. What is resumed is shares, counts and a position: coins come from the new
// session's handshake alone.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/job/examples.h"
#include "tacit/job/party_run.h"

namespace tacit {

struct PartyRun::Offer {
  CheckpointName name;
  Digest file;  ///< of this party's file
};

namespace {

constexpr std::size_t kMostOffers = 64;
constexpr std::size_t kOffer = 3 * sizeof(Digest) + sizeof(std::uint64_t);
constexpr std::uint64_t kMaxRecord = std::uint64_t{64} << 20;

std::string steps_of(const std::vector<std::uint64_t>& steps) {
  std::string out;
  for (std::size_t i = 0; i < steps.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : i + 1 == steps.size() ? " and " : ", ", steps[i]);
  return steps.empty() ? "none" : fmt::format("step{} {}", steps.size() > 1 ? "s" : "", out);
}

/// A text behind its length.
void put_text(std::string_view text, ByteWriter& to) {
  const std::uint64_t size = text.size();
  to.write(std::as_bytes(std::span(&size, 1)));
  to.write(bytes_of(text));
}
std::string text_from(ByteReader& from) {
  std::uint64_t size = 0;
  from.read(std::as_writable_bytes(std::span(&size, 1)));
  require(size <= kMaxRecord, "a record of {} bytes is too long", size);
  std::string text(size, '\0');
  from.read(std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace

/// The states that this party can go on from, the newest first; `trouble`: why not from others that are
/// there.
std::vector<PartyRun::Offer> PartyRun::offers(std::string& trouble) const {
  std::vector<Offer> out;
  for (const CheckpointName& name : checkpoints_->states()) {
    if (out.size() == kMostOffers) break;
    try {
      checkpoints_->check_data(name.training);
      out.push_back({name, checkpoints_->check_state(name)});
    } catch (const UsageError& e) {
      if (trouble.empty()) trouble = e.what();
    }
  }
  if (out.empty() && trouble.empty() && checkpoints_->of_other_jobs() > 0)
    trouble = fmt::format("those in '{}' are another job's, or the job file was changed since",
                          (options_.state / "checkpoints").string());
  return out;
}

/// All begin anew, or all go on from the newest checkpoint that they all have.
void PartyRun::begin() {
  require(!options_.resume || job_.checkpoint_every > 0,
          "the job keeps no checkpoints (checkpoint_every = 0): train anew without --resume");
  if (job_.checkpoint_every == 0) return;
  const bool keeps = options_.identity != nullptr && !options_.state.empty();
  require(!options_.resume || keeps, "this way of running keeps no checkpoints to resume from");
  if (keeps)
    checkpoints_.emplace(options_.state / "checkpoints", *options_.identity, job_hash(job_),
                         options_.before_checkpoint_step);
  if (!options_.resume && checkpoints_)
    if (const auto left = checkpoints_->states(); !left.empty())
      tell(fmt::format("beginning anew, though there is a checkpoint of step {}: --resume goes on from it",
                       left.front().step));
  std::string trouble;
  if (options_.resume) tell("checking checkpoints");
  const std::vector<Offer> own = options_.resume ? offers(trouble) : std::vector<Offer>();

  // resumes (u64) | for each: training | session | step | digest of the file
  Bytes words;
  append(words, std::uint64_t{options_.resume});
  for (const Offer& o : own) {
    append_bytes(words, o.name.training);
    append_bytes(words, o.name.session);
    append(words, o.name.step);
    append_bytes(words, o.file);
  }
  const auto all = party_.tell_all("begin", words, sizeof(std::uint64_t) + kMostOffers * kOffer);
  const auto all_stop = [&](const std::string& why) {
    party_.wait_until_all_have_judged();
    throw UsageError(why);
  };
  std::vector<std::vector<Offer>> told;
  for (std::size_t p = 0; p < all.size(); ++p) {
    const std::string& name = party_.name(party_id(p));
    const ByteView bytes = all[p];
    if (bytes.size() < 8 || (bytes.size() - 8) % kOffer != 0 || read_at<std::uint64_t>(bytes, 0) > 1)
      throw PeerError(name, name + " told of its checkpoints in a way that cannot be read");
    const bool resumes = read_at<std::uint64_t>(bytes, 0) == 1;
    if (resumes != options_.resume)
      all_stop(
          fmt::format("{} begins a training and {} resumes one: start all parties with --resume, or none",
                      options_.resume ? name : party_.name(party_.id()),
                      options_.resume ? party_.name(party_.id()) : name));
    told.emplace_back();
    for (std::size_t at = 8; at < bytes.size(); at += kOffer)
      told.back().push_back({{read_at<Digest>(bytes, at), read_at<Digest>(bytes, at + sizeof(Digest)),
                              read_at<std::uint64_t>(bytes, at + 2 * sizeof(Digest))},
                             read_at<Digest>(bytes, at + 2 * sizeof(Digest) + 8)});
  }
  if (!options_.resume) return;

  // In the first party's order, so that all choose alike.
  for (const Offer& wanted : told.front()) {
    std::vector<Digest> files;
    for (const auto& theirs : told) {
      const auto same =
          std::find_if(theirs.begin(), theirs.end(), [&](const Offer& o) { return o.name == wanted.name; });
      if (same != theirs.end()) files.push_back(same->file);
    }
    if (files.size() == told.size()) return go_on_from(wanted.name, files);
  }
  std::string each;
  for (std::size_t p = 0; p < told.size(); ++p) {
    std::vector<std::uint64_t> steps;
    for (const Offer& o : told[p]) steps.push_back(o.name.step);
    each += fmt::format("{}{} has {}", p == 0 ? "" : ", ", party_.name(party_id(p)), steps_of(steps));
  }
  all_stop(
      fmt::format("there is no checkpoint that all parties have: {}{}; put the right state folders back, or "
                  "train anew without --resume",
                  each, trouble.empty() ? "" : fmt::format(" ({})", trouble)));
}

/// Restores everything from a checkpoint that all parties have; `files` are the digests of their files.
void PartyRun::go_on_from(const CheckpointName& name, const std::vector<Digest>& files) {
  const Meter::Scope scope(party_.meter(), "resume");
  tell(fmt::format("going on from step {}", name.step));
  training_ = name.training;
  std::string text;
  checkpoints_->read_state(name, [&](ByteReader& from) {
    text = text_from(from);
    resumed_ = nn::load_train_state(ctx_, graph_, job_.training, from);
    require(resumed_->step == name.step, "it is of step {}", resumed_->step);
  });
  checkpoints_->read_data(training_, [&](ByteReader& from) {
    uploads_ =
        load_uploads(job_, engine_->component_sets()[index(party_.id())], options_.state, detect_isa(), from);
  });
  compare_manifests();
  check_uploads(job_, uploads_);

  TrainingRecord at_checkpoint = parse_training_record(text, job_);
  try {
    checkpoints_->read_ledger(training_, [&](ByteReader& from) { text = text_from(from); });
    const TrainingRecord last = parse_training_record(text, job_);
    take_highest(at_checkpoint, public_text(last), party_.name(party_.id()), job_);
    if (last.loss.size() > at_checkpoint.loss.size()) at_checkpoint.loss = last.loss;
    if (last.breaks.size() > at_checkpoint.breaks.size()) at_checkpoint.breaks = last.breaks;
    at_checkpoint.agreed = last.agreed;
  } catch (const UsageError&) {
    // The others have the counts, too, and the highest hold.
  }
  const TrainingRecord::Agreed now{name.session, name.step, files};
  if (at_checkpoint.agreed.session == now.session && at_checkpoint.agreed.step == now.step)
    for (std::size_t p = 0; p < files.size() && p < at_checkpoint.agreed.files.size(); ++p)
      require(at_checkpoint.agreed.files[p] == files[p],
              "the checkpoint of step {} is at {} not the one that all parties agreed on: put its state "
              "folder back",
              name.step, party_.name(party_id(p)));
  at_checkpoint.agreed = now;
  take_over_record(at_checkpoint);
}

/// What earlier sessions told and cost is continued: of what parties count, the highest.
void PartyRun::take_over_record(const TrainingRecord& at_checkpoint) {
  before_ = at_checkpoint;
  const std::string own = public_text(before_);
  const auto all = party_.tell_all("begin.record", bytes_of(own), kMaxRecord);
  for (std::size_t p = 0; p < all.size(); ++p)
    take_highest(before_, text_of(all[p]), party_.name(party_id(p)), job_);
  losses_until_ = before_.losses_until;
  steps_done_ = resumed_->step;
  const SharedExamples examples(job_, uploads_, SharedExamples::Part::Train);
  const std::size_t batch = job_.training.batch,
                    steps = (examples.rows() + batch - 1) / batch * job_.training.epochs;
  require(resumed_->step <= steps, "the checkpoint is of step {}, and the training has {}", resumed_->step,
          steps);
  // What follows the last step is told of that very state: told again, it is the same.
  if (resumed_->step == steps)
    for (std::size_t i = 0; i < job_.releases.size(); ++i)
      if (job_.releases[i].what == "metric" || job_.releases[i].what == "model") before_.used[i] = 0;
  before_.resumed.push_back(resumed_->step);
  releases_.resume(before_.used, before_.ledger);
  report_.loss = before_.loss;
  if (!report_.loss.empty()) last_loss_ = report_.loss.back().loss;
  foresee_checks(resumed_->step, steps);
  put_ledger(foreseen());
}

/// Bits of the overflow guard are not noted one by one: as many count as told as can be after this step and
/// before the next checkpoint.
void PartyRun::foresee_checks(std::size_t step, std::size_t steps) {
  const std::size_t every = job_.checkpoint_every;
  checks_foreseen_ = step == steps ? guard_.checks(0, test_batches())
                                   : guard_.checks(step, std::min(steps, (step / every + 1) * every));
  used_before_ = releases_.policy().used();
}

/// As things stand, and will with those bits.
TrainingRecord PartyRun::foreseen() {
  TrainingRecord r = record();
  Ledger ledger(r.ledger);
  for (std::size_t i = 0; i < r.used.size(); ++i)
    for (; job_.releases[i].what == kOverflow && r.used[i] < used_before_[i] + checks_foreseen_; ++r.used[i])
      ledger.add(job_.releases[i], 1);
  r.ledger = ledger.lines();
  return r;
}

void PartyRun::put_ledger(const TrainingRecord& record) {
  const std::string text = to_text(record);
  checkpoints_->put_ledger(training_, [&](ByteWriter& to) { put_text(text, to); });
}

PartyStats PartyRun::own_stats() {
  PartyStats own;
  own.total = party_.meter().total();
  own.scopes = party_.meter().scopes();
  own.memory_bytes = peak_memory();
  return own;
}

/// As things stand.
TrainingRecord PartyRun::record() {
  TrainingRecord r = before_;
  r.used = releases_.policy().used();
  r.ledger = releases_.ledger().lines();
  r.losses_until = losses_until_;
  r.loss = report_.loss;
  r.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  r.spent = sum(before_.spent, own_stats());
  return r;
}

/// Before numbers are revealed: after a crash they count as revealed.
void PartyRun::note_release(std::string_view what, std::uint64_t bits) {
  if (!checkpoints_) return;
  TrainingRecord r = foreseen();
  Ledger ledger(r.ledger);
  for (std::size_t i = 0; i < job_.releases.size(); ++i) {
    if (job_.releases[i].what != what) continue;
    ++r.used[i];
    ledger.add(job_.releases[i], bits);
  }
  r.ledger = ledger.lines();
  put_ledger(r);
}

/// For the report of the training once it has been resumed. The counts of reveals on the disk stay as they
/// are: they were written before the reveals, and may be ahead of what this session still knows.
void PartyRun::note_break(const PeerError& error) noexcept {
  if (!checkpoints_) return;
  try {
    std::string text;
    checkpoints_->read_ledger(training_, [&](ByteReader& from) { text = text_from(from); });
    TrainingRecord record = parse_training_record(text, job_);
    note(record, {steps_done_, error.peer, error.what()});
    text = to_text(record);
    checkpoints_->put_ledger(training_, [&](ByteWriter& to) { put_text(text, to); });
  } catch (const std::exception&) {
    // The break itself is what is to be told. Without a ledger nothing can be resumed either.
  }
}

void PartyRun::keep_data() {
  if (!checkpoints_) return;
  tell("keeping the data for checkpoints");
  checkpoints_->put_data(training_, [&](ByteWriter& to) { save_uploads(uploads_, to); });
}

void PartyRun::checkpoint(const nn::TrainState& state) {
  const Meter::Scope scope(party_.meter(), "checkpoint");
  const CheckpointName name{training_, start_.id, state.step};
  // What is public, then this party's file: by then it is on the disk.
  const TrainingRecord now = record();
  Bytes words;
  append_bytes(words, Hasher()
                          .update(bytes_of("tacit checkpoint"))
                          .update(name.training)
                          .update(name.session)
                          .update(std::as_bytes(std::span(&name.step, 1)))
                          .update(bytes_of(public_text(now)))
                          .finish());
  Digest file{};
  if (checkpoints_) {
    const std::string text = to_text(now);
    file = checkpoints_->put_state(name, [&](ByteWriter& to) {
      put_text(text, to);
      nn::save(ctx_, state, to);
    });
  }
  append_bytes(words, file);
  ensure(words.size() == kAgreementBytes, "what is public, and this party's file");
  const auto all = party_.tell_all("checkpoint", words);
  before_.agreed = {name.session, name.step, {}};
  for (std::size_t p = 0; p < all.size(); ++p) {
    if (!std::equal(all[p].begin(), all[p].begin() + sizeof(Digest), words.begin()))
      throw PeerError(party_.name(party_id(p)),
                      fmt::format("{} and {} are not at the same point of the training",
                                  party_.name(party_.id()), party_.name(party_id(p))));
    before_.agreed.files.push_back(read_at<Digest>(all[p], sizeof(Digest)));
  }
  if (!checkpoints_) return;
  foresee_checks(state.step, report_.steps);
  put_ledger(foreseen());
  checkpoints_->keep_only(name);
}

/// Everyone has all that the training was for: nobody needs them any more.
void PartyRun::finish_checkpoints() {
  if (job_.checkpoint_every == 0) return;
  const std::byte done{1};
  party_.tell_all("finished", std::span(&done, 1));
  if (checkpoints_) checkpoints_->clear();
}

}  // namespace tacit
