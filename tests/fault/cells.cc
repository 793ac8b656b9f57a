// The fault matrix within one process, whole: each party, in each phase, each fault, at the first, a middle
// and the last frame of the phase. Endpoints are threads on a net with a clock of its own (virtual_net.h).
// Every cell ends in the right result, or in an error that names whom it must name at everybody else within
// the patience; nothing half-written stays; and the same endpoints, started again, finish. Each row of the
// table is printed, and must stand so in docs/faults.md.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <set>
#include <utility>

#include "culprit.h"
#include "tacit/job/testing/whole_run.h"

namespace tacit::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using How = Ending::How;

constexpr auto kPatience = 5s;      // of the net's own clock
constexpr unsigned kHung = 120;     // real seconds, for a cell that takes less than one
constexpr double kRounding = 0.05;  // how much the models of two trainings of the same data may differ

char current[200];  // the cell that runs, for the watchman
void tell_and_end(int) {
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, current, std::strlen(current));
  ::_exit(1);
}

std::string job_text() {
  std::string text = tiny_classes_job();
  const std::string_view from = "epochs = 1\n";
  return text.replace(text.find(from), from.size(), "epochs = 2\ncheckpoint_every = 2\n");
}

class Cells : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  Cells()
      : cast_(cast_of(folder_, job_text(), {tiny_classes_data(20, 1), tiny_classes_data(24, 2)})),
        culprit_(party_id(std::get<0>(GetParam()))),
        phase_(static_cast<Phase>(std::get<1>(GetParam()))) {
    ::signal(SIGALRM, tell_and_end);
    PhaseWatch watch;
    Prepare listen = [&](PartyId self, PartyOptions& options) {
      if (self == culprit_) watch.watch(options);
    };
    const Wrap count = [&](PartyId self, Transport& wire) -> std::unique_ptr<Transport> {
      if (self != culprit_) return nullptr;
      return std::make_unique<Counter>(wire, watch, counts_);
    };
    const auto whole = run(false, listen, count);
    for (const Ending& e : whole) {
      EXPECT_EQ(e.how, How::Done) << e.said;
      received_.push_back(e.received.received.size());
    }
    model_ = model_in(whole);
    EXPECT_FALSE(model_.empty());
  }
  ~Cells() override {
    mend_disk();
    ::alarm(0);
  }

  using Prepare = std::function<void(PartyId, PartyOptions&)>;
  fs::path state(std::size_t party) const { return folder_.path(cast_.job.parties[party].name + "-state"); }
  const std::string& name(PartyId id) const { return names_[index(id)]; }
  bool is_owner(std::size_t i) const { return i >= cast_.job.parties.size(); }

  Cast cast_with(bool resume, const Prepare& prepare) const {
    Cast cast{cast_.job, cast_.identities, cast_.data, {}};
    cast.prepare = [this, resume, prepare](PartyId self, PartyOptions& options) {
      options.state = state(index(self));
      options.identity = &cast_.identities[index(self)];
      options.resume = resume;
      if (prepare) prepare(self, options);
    };
    return cast;
  }
  std::vector<Ending> run(bool resume, const Prepare& prepare = {}, const Wrap& wrap = {}) const {
    return train_in_memory(cast_with(resume, prepare), 60s, wrap);
  }
  static std::vector<double> model_in(const std::vector<Ending>& endings) {
    for (const Received& r : endings[3].received.received)
      if (r.what == "model") return r.value.values;
    return {};
  }
  /// Everybody has what it came for, and the model is the one that it has to be.
  bool right(const std::vector<Ending>& endings) const {
    bool good = true;
    for (const Ending& e : endings) good &= e.how == How::Done;
    const auto model = good ? model_in(endings) : std::vector<double>();
    if (model.size() != model_.size()) return false;
    for (std::size_t i = 0; i < model.size(); ++i) good &= std::abs(model[i] - model_[i]) < kRounding;
    return good;
  }

  /// Which of its frames: the first, a middle one and the last. Once the model is out, some may have all that
  /// they came for before they can notice anything: there the first alone.
  std::vector<std::size_t> positions(Trouble trouble) const {
    const std::size_t count = counts_[static_cast<std::size_t>(phase_)];
    const bool disk = trouble == Trouble::FullDisk || trouble == Trouble::ReadOnlyDisk;
    const bool greeting =
        trouble == Trouble::Version && (phase_ == Phase::Handshake || phase_ == Phase::Sharing);
    if (disk || greeting || phase_ == Phase::Export) return {0};
    EXPECT_GE(count, 4u) << "of its frames, in this phase";
    // Two frames a checkpoint; of the first nobody could be sure that others have it.
    const std::size_t first = phase_ == Phase::Checkpoint ? 2 : 0;
    const std::set<std::size_t> all{first, count / 2, count - 1};
    return {all.begin(), all.end()};
  }

  /// Where the disk fails: at the phase's own file, or when the phase begins.
  void aim_at_disk(PhaseWatch& watch, Trouble trouble, VirtualNet& net) const {
    const DiskFault fault = trouble == Trouble::FullDisk ? DiskFault::Full : DiskFault::ReadOnly;
    const auto now = [this, fault, &net](const std::string& part) {
      net.note_fault();
      break_disk(state(index(culprit_)), fault, part);
    };
    const auto when = [&watch, now](Phase phase, const std::string& part) {
      watch.entered = [now, phase, part, done = false](Phase entered) mutable {
        if (entered == phase && !std::exchange(done, true)) now(part);
      };
    };
    if (phase_ == Phase::Handshake) now("");
    if (phase_ == Phase::Sharing) now("/data/");
    if (phase_ == Phase::Forward || phase_ == Phase::Backward) when(phase_, "");
    if (phase_ == Phase::Checkpoint) when(Phase::Forward, ".state");  // once there is one
    if (phase_ == Phase::Reveal) when(Phase::Backward, ".ledger");
    if (phase_ == Phase::Export) now("model.share");
  }

  std::string check(Trouble trouble, std::size_t at);
  bool ended_well(const Ending& e, std::size_t i, const Aim& aim, std::optional<PartyId> struck) const;
  std::string recover();
  std::set<std::string> halves() const {
    std::set<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path("")))
      if (entry.path().string().find(".part") != std::string::npos) out.insert(entry.path());
    return out;
  }

  ScratchFolder folder_;
  Cast cast_;
  std::vector<std::string> names_ = cast_.job.names();
  PartyId culprit_;
  Phase phase_;
  std::array<std::size_t, kPhases.size()> counts_{};
  std::vector<std::size_t> received_;  ///< results by each endpoint, when nothing goes wrong
  std::vector<double> model_;
};

/// Whether endpoint i, of a run that broke, ended as it must.
bool Cells::ended_well(const Ending& e, std::size_t i, const Aim& aim, std::optional<PartyId> struck) const {
  const Trouble t = aim.trouble;
  const bool self = i == index(culprit_);
  if (t == Trouble::FullDisk || t == Trouble::ReadOnlyDisk)
    return self ? e.how == How::Io && e.said.find(names_[i] + "-state") != std::string::npos
                : e.how == How::Peer && e.blamed == name(culprit_);
  if (t == Trouble::Kill && self) return e.how == How::Other;
  const bool of_link =
      t == Trouble::Cut || t == Trouble::Duplicate || t == Trouble::Corrupt || t == Trouble::Truncate;
  // Of a link with an owner the other owner may not notice anything: it has all, then.
  const bool complete = e.how == How::Done && is_owner(i) && e.received.received.size() == received_[i];
  if (struck && is_owner(index(*struck)) && i != index(*struck) && complete) return true;
  if (e.how != How::Peer) return false;
  if (of_link) {
    const auto names = [&](PartyId who) { return e.said.find(name(who)) != std::string::npos; };
    if (self && e.blamed == name(*struck)) return true;
    if (i == index(*struck) && e.blamed == name(culprit_)) return true;
    // Whoever hears of it from another names both ends.
    return (e.blamed == name(culprit_) || e.blamed == name(*struck)) && names(culprit_) && names(*struck);
  }
  if (self) return true;  // whatever it makes of what the others say
  // What comes in another order may be taken for something else first; and of two that contradict each other
  // an owner cannot know which is the one to blame.
  if (t == Trouble::Order || (t == Trouble::Version && aim.phase == Phase::Handshake && is_owner(i)))
    return true;
  return e.blamed == name(culprit_);
}

/// Starts all again, with --resume, and without where there is nothing to go on from.
std::string Cells::recover() {
  std::string out = "resumed";
  auto again = run(true);
  bool nothing = true;
  for (std::size_t p = 0; p < 3; ++p) nothing &= again[p].how == How::Usage || again[p].how == How::Peer;
  if (nothing) {
    std::string said;
    for (std::size_t p = 0; p < 3; ++p) said += again[p].said + "\n";
    EXPECT_NE(said.find("there is no checkpoint that all parties have"), std::string::npos) << said;
    out = "anew";
    again = run(false);
  }
  std::string said;
  for (const Ending& e : again) said += "  " + e.said + "\n";
  EXPECT_TRUE(right(again)) << "started again:\n" << said;
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_TRUE(fs::is_empty(state(p) / "checkpoints"));
    EXPECT_TRUE(fs::is_empty(state(p) / "data"));
  }
  EXPECT_EQ(halves(), std::set<std::string>());
  return out;
}

/// One cell at one place: "result", "anew" or "resumed".
std::string Cells::check(Trouble trouble, std::size_t at) {
  const Aim aim{phase_, trouble, at};
  const std::string what = fmt::format(
      "{}: {} in phase {}, at {} of {}\n", name(culprit_), kTroubles[static_cast<std::size_t>(trouble)],
      kPhases[static_cast<std::size_t>(phase_)], at, counts_[static_cast<std::size_t>(phase_)]);
  std::snprintf(current, sizeof current, "hung: %s", what.c_str());
  ::alarm(kHung);
  const ::testing::ScopedTrace trace(__FILE__, __LINE__, what);
  for (std::size_t p = 0; p < 3; ++p) fs::remove_all(state(p));

  VirtualNet net(names_, cast_.job.parties.size(), kPatience);
  PhaseWatch watch;
  const bool disk = trouble == Trouble::FullDisk || trouble == Trouble::ReadOnlyDisk;
  if (disk) aim_at_disk(watch, trouble, net);
  std::optional<PartyId> struck;
  const Prepare prepare = [&](PartyId self, PartyOptions& options) {
    if (self == culprit_) watch.watch(options);
  };
  // It notes whom it struck when it goes.
  struct Noted final : Transport {
    Noted(std::unique_ptr<Culprit> c, std::optional<PartyId>& s) : culprit(std::move(c)), struck(s) {}
    ~Noted() override { struck = culprit->struck(); }
    void send(PartyId to, const FrameHead& h, ByteView b) override { culprit->send(to, h, b); }
    FrameHead receive_head(PartyId from) override { return culprit->receive_head(from); }
    void receive_body(PartyId from, ByteSpan b) override { culprit->receive_body(from, b); }
    void goodbye(std::string_view reason) noexcept override { culprit->goodbye(reason); }
    std::unique_ptr<Culprit> culprit;
    std::optional<PartyId>& struck;
  };
  const Wrap wrap = [&](PartyId self, Transport& wire) -> std::unique_ptr<Transport> {
    if (self != culprit_) return nullptr;
    return std::make_unique<Noted>(std::make_unique<Culprit>(wire, net, self, state(index(self)), watch, aim),
                                   struck);
  };
  const auto endings = train_over(
      cast_with(false, prepare), [&](std::size_t i) { return net.endpoint(party_id(i)); }, wrap);
  const bool disk_needed = disk_was_needed();
  mend_disk();

  std::string all;
  for (std::size_t i = 0; i < endings.size(); ++i)
    all += fmt::format("  {}: {} [{}] {}\n", names_[i], static_cast<int>(endings[i].how), endings[i].blamed,
                       endings[i].said);
  EXPECT_FALSE(net.hung()) << all;
  EXPECT_TRUE(disk ? disk_needed : struck.has_value()) << "nothing happened\n" << all;
  if (right(endings)) return "result";
  bool good = true;
  for (std::size_t i = 0; i < endings.size(); ++i) {
    good &= ended_well(endings[i], i, aim, struck);
    if (i != index(culprit_) && endings[i].how != How::Done)
      good &= net.since_fault(party_id(i)) <= Liveness::Duration(kPatience);
  }
  EXPECT_TRUE(good) << all;
  // A disk that can only be read keeps what it has, and so does that of a process that is no more.
  if (trouble != Trouble::Kill && trouble != Trouble::ReadOnlyDisk) {
    EXPECT_EQ(halves(), std::set<std::string>()) << all;
  }
  return recover();
}

TEST_P(Cells, EveryFault) {
  std::string row = fmt::format("| {} | {} |", name(culprit_), kPhases[static_cast<std::size_t>(phase_)]);
  for (std::size_t t = 0; t < kTroubles.size(); ++t) {
    const auto trouble = static_cast<Trouble>(t);
    std::set<std::string> ends;
    for (const std::size_t at : positions(trouble)) {
      ends.insert(check(trouble, at));
      if (HasFatalFailure()) return;
    }
    std::string cell;
    for (const std::string& e : ends) cell += (cell.empty() ? "" : ", ") + e;
    row += " " + cell + " |";
    EXPECT_EQ(ends,
              std::set<std::string>{trouble == Trouble::Delay                                ? "result"
                                    : phase_ == Phase::Handshake || phase_ == Phase::Sharing ? "anew"
                                                                                             : "resumed"})
        << kTroubles[t];
  }
  std::printf("%s\n", row.c_str());
  const std::string page = read_file(fs::path(TACIT_DOCS) / "faults.md");
  EXPECT_NE(page.find(row + "\n"), std::string::npos) << "docs/faults.md does not have the row\n" << row;
}

TEST(Table, HasTheseColumns) {
  std::string head = "| party | phase |";
  for (const std::string_view t : kTroubles) head += fmt::format(" {} |", t);
  std::printf("%s\n", head.c_str());
  const std::string page = read_file(fs::path(TACIT_DOCS) / "faults.md");
  EXPECT_NE(page.find(head + "\n"), std::string::npos) << "docs/faults.md does not have the row\n" << head;
}

INSTANTIATE_TEST_SUITE_P(EachPartyAndPhase, Cells,
                         ::testing::Combine(::testing::Range(std::size_t{0}, std::size_t{3}),
                                            ::testing::Range(std::size_t{0}, kPhases.size())));

}  // namespace
}  // namespace tacit::testing
