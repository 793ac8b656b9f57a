// One party in one session, with everything that its steps share: training (run_party.cc) and answering
// (answer.cc) are two ways through it.
#pragma once

#include "tacit/job/checkpoints.h"
#include "tacit/job/data_store.h"
#include "tacit/job/overflow_guard.h"
#include "tacit/job/releases.h"
#include "tacit/job/run_party.h"
#include "tacit/job/training_record.h"
#include "tacit/job/upload.h"
#include "tacit/mpc/table.h"
#include "tacit/nn/train/trainer.h"
#include "tacit/party/handshake.h"

namespace tacit {

class PartyRun {
 public:
  PartyRun(const Job& job, PartyId self, Transport& wire, const std::string& mode,
           const PartyOptions& options)
      : job_(job),
        options_(options),
        protocol_(protocol_named(job.protocol)),
        graph_(build_model(job)),
        report_(report_of(job, mode)),
        workers_(options.threads),
        wire_(wire),
        start_(shake_hands(self, job.party_names(), wire, {job_hash(job), kProtocolVersion})),
        party_(self, job.party_names(), wire, start_.keys, Compute{ring_kernels(detect_isa()), workers_}),
        engine_(protocol_.make(party_, profile_named(job.profile))),
        guarded_(*engine_),
        ctx_{job.training.guard_every == 0 ? *engine_ : static_cast<Engine&>(guarded_), job.fraction_bits},
        owner_channels_(job.roster().size()),
        owner_pointers_(job.roster().size(), nullptr),
        releases_(job, *engine_, owner_pointers_),
        guard_(guarded_, job.training, releases_) {
    before_.used.resize(job.releases.size());
    guard_.before_place = [this](std::uint64_t bits) { note_release(kOverflowPlace, bits); };
  }

  RunReport train();
  /// After an error: deletes what was received.
  void abandon() noexcept;
  Answer answer(PartyId owner);

 private:
  void tell(const std::string& phase, std::size_t done = 0, std::size_t total = 0) {
    const Progress now{phase, done, total, last_loss_, party_.meter().total().payload};
    if (options_.progress) options_.progress(now);
    if (options_.observe) options_.observe(own_stats(), now);
  }
  Channel& connect_owner(PartyId owner);
  void see_off(Channel& owner);
  void tell_counts();
  void part_from_owners();
  // Taking in the data (receive.cc).
  struct Visit;
  void receive_all();
  std::vector<Visit> visits();
  std::chrono::steady_clock::time_point due_until(const Visit& visit) const;
  Visit* next_visit(std::vector<Visit>& all);
  void attend(Visit& visit);
  bool tells_same_rows() const;
  void compare_manifests();
  // Training.
  RunReport train_whole();
  void open_store();
  void close_store(bool done);
  void fit(nn::TrainState& state);
  std::size_t test_batches();
  /// Does what ends alike at all parties, if it ends in an error.
  template <class Act>
  void judge(Act act) {
    try {
      act();
    } catch (const UsageError&) {
      party_.wait_until_all_have_judged();
      throw;
    }
  }
  void measure(const nn::Parameters& parameters);
  void hand_over(const nn::Parameters& parameters);
  // Checkpoints (resume.cc).
  struct Offer;
  void begin();
  std::vector<Offer> offers(std::string& trouble) const;
  void go_on_from(const CheckpointName& name, const std::vector<Digest>& files);
  void take_over_record(const TrainingRecord& at_checkpoint);
  PartyStats own_stats();
  TrainingRecord record();
  void foresee_checks(std::size_t step, std::size_t steps);
  TrainingRecord foreseen();
  void put_ledger(const TrainingRecord& record);
  void note_release(std::string_view what, std::uint64_t bits);
  void keep_data();
  void checkpoint(const nn::TrainState& state);
  void finish_checkpoints();
  void note_break(const PeerError& error) noexcept;
  // Answering.
  bool gets(const Endpoint& who, std::string_view what) const;
  std::string take_question(PartyId owner, const Endpoint& who);
  void count_uses(const Endpoint& who, const Digest& training);
  std::string agree_on_question(const Endpoint& who, const std::string& trouble);
  Secret<Real> scores_of(const nn::Parameters& parameters);
  std::string give_answers(PartyId owner, const Endpoint& who, const Secret<Real>& scores);

  const Job& job_;
  const PartyOptions& options_;
  const ProtocolInfo& protocol_;
  nn::Graph graph_;
  RunReport report_;
  Workers workers_;
  Transport& wire_;
  SessionStart start_;
  Party party_;
  std::unique_ptr<Engine> engine_;
  GuardEngine guarded_;
  fn::Ctx ctx_;  ///< on the guarded engine if the job has a guard
  std::vector<std::optional<Channel>> owner_channels_;
  std::vector<Channel*> owner_pointers_;
  Releases releases_;
  OverflowGuard guard_;
  std::optional<DataStore> store_;
  std::vector<Upload> uploads_;
  std::string phase_;                                  ///< that was told last, of receiving
  std::chrono::steady_clock::time_point last_word_{};  ///< when an owner last came or spoke
  std::optional<Checkpoints> checkpoints_;
  Digest training_ = start_.id;            ///< the session in which the training began
  TrainingRecord before_;                  ///< of that and later sessions before this one
  std::optional<nn::TrainState> resumed_;  ///< what is gone on from
  std::uint64_t checks_foreseen_ = 0;      ///< of the overflow guard, up to the next checkpoint
  Uses used_before_;                       ///< reveals of each rule when they were foreseen
  std::size_t losses_until_ = 0;           ///< losses of earlier steps are not to be revealed (again)
  std::optional<double> last_loss_;
  std::size_t steps_done_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Says goodbye with the reason when a run fails, so that others can name the first cause.
template <class Body>
auto with_goodbye(Transport& wire, Body body) {
  try {
    return body();
  } catch (const std::exception& e) {
    wire.goodbye(e.what());
    throw;
  }
}

}  // namespace tacit
