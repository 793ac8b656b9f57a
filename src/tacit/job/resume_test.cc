// A training that breaks and is resumed, by all endpoints of a job: from any step between two changes of a
// party's disk; with damaged, old and foreign checkpoints; on another machine. It ends with everything that
// it was for, nothing is revealed more often than the job allows, and no message of the broken session comes
// again.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "tacit/job/testing/whole_run.h"
#include "tacit/net/wrap/trace.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Cast;
using testing::Ending;
using testing::ScratchFolder;
using How = Ending::How;

/// The machine stops: nothing is put right.
struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crashed") {}
};

constexpr std::size_t kSteps = 12;  // of four epochs; checkpoints at 0, 5, 10 and 12

std::string job_text(std::string_view from = "", std::string_view to = "") {
  std::string text = testing::tiny_classes_job();
  const auto swap = [&](std::string_view a, std::string_view b) { text.replace(text.find(a), a.size(), b); };
  swap("epochs = 1\n", "epochs = 4\ncheckpoint_every = 5\n");
  if (!from.empty()) swap(from, to);
  return text;
}

class Resume : public ::testing::Test {
 protected:
  Resume() : Resume(job_text()) {}
  explicit Resume(const std::string& text)
      : cast_(testing::cast_of(folder_, text,
                               {testing::tiny_classes_data(20, 1), testing::tiny_classes_data(24, 2)})) {}

  fs::path state(std::size_t party) const { return folder_.path(cast_.job.parties[party].name + "-state"); }
  fs::path kept(std::size_t party) const { return state(party) / "checkpoints"; }
  std::set<std::string> files(std::size_t party) const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(kept(party))) out.insert(entry.path().filename());
    return out;
  }
  /// The one file of a kind, or the one of a step.
  fs::path file(std::size_t party, std::string_view end) const {
    for (const auto& name : files(party))
      if (name.ends_with(end)) return kept(party) / name;
    ADD_FAILURE() << "party " << party << " has no file that ends with " << end;
    return "";
  }
  void damage(const fs::path& path, std::size_t at) const {
    std::string content = testing::read_file(path);
    content[at % content.size()] = static_cast<char>(content[at % content.size()] ^ 1);
    write(path, content);
  }
  void write(const fs::path& path, const std::string& content) const {
    folder_.write(fs::relative(path, folder_.path("")).string(), content);
  }

  using Prepare = std::function<void(std::size_t party, PartyOptions&)>;
  /// Runs everybody; owners bring their data if `with_data`.
  std::vector<Ending> run(bool resume, const Prepare& prepare = {}, bool with_data = true,
                          const testing::Wrap& wrap = {}) {
    Cast cast{cast_.job, cast_.identities, with_data ? cast_.data : std::vector<DataFiles>(), {}};
    cast.prepare = [&](PartyId self, PartyOptions& options) {
      options.state = state(index(self));
      options.identity = &cast_.identities[index(self)];
      options.resume = resume;
      if (prepare) prepare(index(self), options);
    };
    return testing::train_in_memory(cast, 60s, wrap);
  }
  /// Breaks when the first party has done so many steps.
  std::vector<Ending> run_until(std::size_t step, bool resume = false, const testing::Wrap& wrap = {}) {
    return run(
        resume,
        [&](std::size_t party, PartyOptions& options) {
          if (party != 0) return;
          options.progress = [step](const Progress& p) {
            if (p.phase == "training" && p.done == step && p.total == kSteps) throw Crash();
          };
        },
        true, wrap);
  }
  static void expect_done(const std::vector<Ending>& endings) {
    for (const Ending& e : endings) EXPECT_EQ(e.how, How::Done) << e.said;
  }
  /// All parties refuse, and one says this.
  static void expect_refused(const std::vector<Ending>& endings,
                             std::initializer_list<std::string_view> says) {
    std::string all;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(endings[i].how == How::Usage || endings[i].how == How::Peer) << endings[i].said;
      all += endings[i].said + "\n";
    }
    for (const std::string_view text : says)
      EXPECT_NE(all.find(text), std::string::npos) << text << " in\n" << all;
  }
  static std::vector<double> model(const std::vector<Ending>& endings) {
    for (const Received& r : endings[3].received.received)
      if (r.what == "model") return r.value.values;
    ADD_FAILURE() << "no model";
    return {};
  }
  static const RunReport& report(const std::vector<Ending>& endings, std::size_t party = 0) {
    return endings[party].received.report;
  }
  static std::uint64_t told(const RunReport& report, std::string_view what) {
    for (const Disclosure& d : report.disclosures)
      if (d.what == what) return d.times;
    return 0;
  }

  ScratchFolder folder_;
  Cast cast_;
};

TEST_F(Resume, GoesOnFromTheLastCheckpoint) {
  const auto whole = run(false);
  expect_done(whole);
  for (std::size_t p = 0; p < 3; ++p) EXPECT_TRUE(files(p).empty()) << "nobody needs them any more";
  EXPECT_TRUE(report(whole).resumed.empty());
  EXPECT_EQ(told(report(whole), "loss"), 8u);

  run_until(7);
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_EQ(files(p).size(), 3u);
    file(p, "-5.state"), file(p, ".data"), file(p, ".ledger");
  }
  const auto resumed = run(true);
  expect_done(resumed);
  for (std::size_t p = 0; p < 3; ++p) EXPECT_TRUE(files(p).empty());
  const RunReport& r = report(resumed);
  EXPECT_EQ(r.resumed, std::vector<std::size_t>{5});
  EXPECT_EQ(report(resumed, 3).resumed, std::vector<std::size_t>{5}) << "owners are told";
  // Whoever noticed tells how it broke off; the one that crashed wrote nothing, and owners are not told.
  EXPECT_TRUE(r.breaks.empty());
  for (std::size_t p : {1, 2}) {
    const auto& breaks = report(resumed, p).breaks;
    ASSERT_EQ(breaks.size(), 1u);
    EXPECT_EQ(breaks[0].who, "alpha") << breaks[0].what;
    EXPECT_TRUE(breaks[0].step >= 5 && breaks[0].step <= 8) << breaks[0].step;
  }
  EXPECT_TRUE(report(resumed, 3).breaks.empty());
  EXPECT_EQ(r.steps, kSteps);
  EXPECT_EQ(r.train_rows, report(whole).train_rows);
  EXPECT_EQ(r.test_rows, report(whole).test_rows);
  // What was told before is not told again, and stands in the ledger.
  EXPECT_EQ(told(r, "loss"), 8u);
  EXPECT_EQ(told(r, "metric"), 1u);
  EXPECT_EQ(told(r, "model"), 1u);
  std::vector<std::size_t> steps, wanted;
  for (const LossPoint& p : r.loss) steps.push_back(p.step);
  for (const LossPoint& p : report(whole).loss) wanted.push_back(p.step);
  EXPECT_TRUE(std::ranges::is_sorted(steps));
  EXPECT_TRUE(std::ranges::includes(wanted, steps));
  EXPECT_GE(steps.size() + 1, wanted.size()) << "the last before the crash may be lost";
  EXPECT_TRUE(r.private_metric);
  // Costs of all sessions.
  EXPECT_GT(r.seconds, 0);
  EXPECT_GT(r.parties[1].total.payload, report(whole).parties[1].total.payload * 9 / 10);
  EXPECT_TRUE(r.parties[1].scopes.contains("train/forward") && r.parties[1].scopes.contains("sharing"));
  EXPECT_GE(r.parties[1].scopes.at("train").payload, r.parties[1].scopes.at("train/forward").payload);
  // Twelve steps of Adam, each of which rounds at random.
  const auto one = model(whole), other = model(resumed);
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], other[i], 0.05);
}

TEST_F(Resume, BreaksAgainAndAgain) {
  run_until(3);
  for (std::size_t p = 0; p < 3; ++p) file(p, "-0.state");
  run_until(6, true);
  run_until(7, true);
  run_until(11, true);
  run_until(12, true);  // all steps are done, and the last checkpoint is not written yet
  const auto resumed = run(true);
  expect_done(resumed);
  EXPECT_EQ(report(resumed).resumed, (std::vector<std::size_t>{0, 5, 5, 10, 10}));
  EXPECT_LE(told(report(resumed), "loss"), 8u);
  EXPECT_EQ(told(report(resumed), "model"), 1u);
}

TEST_F(Resume, NeedsNoOwnerToBringItsDataAgain) {
  run_until(7);
  for (const auto& owner : cast_.data) fs::remove(owner.features);
  const auto resumed = run(true, {}, false);
  expect_done(resumed);
  EXPECT_EQ(model(resumed).size(), build_model(cast_.job).parameter_count());
}

TEST_F(Resume, OnAnotherMachineWithTheKeyAndTheFolder) {
  run_until(7);
  fs::create_directories(folder_.path("elsewhere"));
  fs::rename(kept(1), folder_.path("elsewhere/checkpoints"));
  const auto resumed = run(true, [&](std::size_t party, PartyOptions& options) {
    if (party == 1) options.state = folder_.path("elsewhere");
  });
  expect_done(resumed);
  EXPECT_EQ(report(resumed).resumed, std::vector<std::size_t>{5});
}

TEST_F(Resume, OfOwnersColumns) {
  std::string text = testing::tiny_columns_job();
  text.replace(text.find("epochs = 1\n"), 11, "epochs = 4\ncheckpoint_every = 5\n");
  cast_ = testing::cast_of(
      folder_, text, {testing::tiny_columns_data(24, 1, false), testing::tiny_columns_data(24, 2, true)});
  run_until(7);
  const auto resumed = run(true, {}, false);
  expect_done(resumed);
  EXPECT_EQ(report(resumed).resumed, std::vector<std::size_t>{5});
  EXPECT_EQ(told(report(resumed), "same rows"), 1u) << "it is not asked again";
}

TEST_F(Resume, CountsTheBitsOfTheOverflowGuard) {
  const std::string rule =
      "[[release]]\nwhat = \"overflow\"\nto = [\"parties\"]\npurpose = \"to stop what wraps\"\n";
  const std::string guarded =
      job_text("checkpoint_every = 5\n", "checkpoint_every = 5\noverflow_guard = 2\n") + rule;
  cast_ = testing::cast_of(folder_, guarded,
                           {testing::tiny_classes_data(20, 1), testing::tiny_classes_data(24, 2)});
  // Before steps 0, 2, .. 10, and for the one batch of test rows.
  const auto whole = run(false);
  expect_done(whole);
  EXPECT_EQ(told(report(whole), "overflow"), 7u);

  // Steps 0, 2 and 4; then 6 and 8, which may have been told before the next checkpoint; and 6, 8, 10 again.
  run_until(7);
  const auto resumed = run(true);
  expect_done(resumed);
  EXPECT_EQ(told(report(resumed), "overflow"), 9u);

  // A rule that allows no more than an unbroken run needs does not suffice.
  cast_ = testing::cast_of(folder_, guarded + "times = 7\n",
                           {testing::tiny_classes_data(20, 1), testing::tiny_classes_data(24, 2)});
  for (std::size_t p = 0; p < 3; ++p) fs::remove_all(state(p));
  run_until(7);
  expect_refused(run(true), {"the release rule for 'overflow' allows"});
}

TEST_F(Resume, SendsNothingOfTheBrokenSessionAgain) {
  std::vector<Trace> broken(5), resumed(5);
  for (auto* traces : {&broken, &resumed})
    for (Trace& t : *traces) t.keep_bodies = true;
  run_until(9, false, [&](PartyId self, Transport& wire) { return traced(wire, broken[index(self)]); });
  expect_done(
      run(true, {}, true, [&](PartyId self, Transport& wire) { return traced(wire, resumed[index(self)]); }));
  // Steps 5 to 9 are done in both, on the same shares. What holds 16 bytes or more would not repeat by
  // chance.
  for (std::size_t from = 0; from < 3; ++from) {
    std::set<Bytes> before;
    for (const TracedFrame& f : broken[from].frames)
      if (index(f.to) < 3 && f.size >= 16) before.insert(f.body);
    std::size_t masked = 0;
    for (const TracedFrame& f : resumed[from].frames) {
      if (index(f.to) >= 3 || f.size < 16 || f.tag == "manifest") continue;  // a digest of what is public
      EXPECT_FALSE(before.contains(f.body)) << f.tag << " of party " << from;
      ++masked;
    }
    EXPECT_GT(masked, 100u);
  }
}

TEST_F(Resume, WhereACrashCameBetweenTwoChangesOfTheDisk) {
  // Shorter, so that there are not too many of them.
  std::string text = job_text("epochs = 4\ncheckpoint_every = 5\n", "epochs = 2\ncheckpoint_every = 4\n");
  for (std::size_t at; (at = text.find("batch = 16")) != std::string::npos;)
    text.replace(at, 10, "batch = 32");
  cast_ =
      testing::cast_of(folder_, text, {testing::tiny_classes_data(20, 1), testing::tiny_classes_data(24, 2)});
  std::size_t from_the_start = 0, from_checkpoints = 0;
  for (std::size_t crash = 0;; ++crash) {
    for (std::size_t p = 0; p < 3; ++p) fs::remove_all(state(p));
    std::size_t left = crash;
    bool crashed = false;
    const auto broken = run(false, [&](std::size_t party, PartyOptions& options) {
      if (party != 2) return;
      options.before_checkpoint_step = [&](std::string_view) {
        if (left-- == 0) {
          crashed = true;
          throw Crash();
        }
      };
    });
    if (!crashed) {
      expect_done(broken);
      EXPECT_GT(crash, 60u) << "there are so many steps";
      break;
    }
    EXPECT_EQ(broken[2].how, How::Other) << broken[2].said;
    // Nobody has less than a whole checkpoint, and all have one that is the same; or none was there yet.
    auto resumed = run(true);
    if (resumed[0].how != How::Done) {
      const bool over = files(0).empty() && files(1).empty();
      expect_refused(resumed, {"there is no checkpoint that all parties have"});
      if (over) continue;  // it had ended for all others
      EXPECT_EQ(from_checkpoints, 0u) << crash;
      ++from_the_start;
      resumed = run(false);
    } else {
      ++from_checkpoints;
      EXPECT_EQ(report(resumed).resumed.size(), 1u);
    }
    expect_done(resumed);
    EXPECT_EQ(model(resumed).size(), build_model(cast_.job).parameter_count());
    EXPECT_LE(told(report(resumed), "loss"), 2u);
    for (std::size_t p = 0; p < 3; ++p) EXPECT_TRUE(files(p).empty()) << crash;
  }
  EXPECT_GT(from_the_start, 5u);
  EXPECT_GT(from_checkpoints, 40u);
}

class TwoCheckpoints : public Resume {
 protected:
  /// All have written the checkpoint of step 10, and nobody has removed that of step 5.
  void break_with_two() {
    run(false, [&](std::size_t party, PartyOptions& options) {
      options.before_checkpoint_step = [&, party](std::string_view step) {
        if (step != "remove a file") return;
        for (const auto& name : files(party))
          if (name.ends_with("-10.state")) throw Crash();
      };
    });
    for (std::size_t p = 0; p < 3; ++p) file(p, "-5.state"), file(p, "-10.state");
  }
};

TEST_F(TwoCheckpoints, TheNewestThatAllHaveCounts) {
  break_with_two();
  const auto resumed = run(true);
  expect_done(resumed);
  EXPECT_EQ(report(resumed).resumed, std::vector<std::size_t>{10});
}

TEST_F(TwoCheckpoints, OneThatIsDamagedAnywhereIsPassedOver) {
  for (const int what : {0, 1, 2, 3}) {
    for (std::size_t p = 0; p < 3; ++p) fs::remove_all(state(p));
    break_with_two();
    const fs::path newest = file(1, "-10.state");
    const std::string content = testing::read_file(newest);
    if (what == 0) damage(newest, content.size() - 1);
    if (what == 1) damage(newest, 30);  // in its head
    if (what == 2) write(newest, content.substr(0, content.size() / 2));
    if (what == 3) fs::remove(newest);
    const auto resumed = run(true);
    expect_done(resumed);
    EXPECT_EQ(report(resumed).resumed, std::vector<std::size_t>{5}) << what;
  }
}

TEST_F(Resume, TheOnlyOneDamagedIsToldByName) {
  run_until(7);
  const fs::path only = file(2, "-5.state");
  const std::string whole = testing::read_file(only);
  damage(only, 1000);
  expect_refused(run(true),
                 {"there is no checkpoint that all parties have: alpha has step 5, beta has step 5, gamma "
                  "has none",
                  "-5.state' cannot be used", "put the right state folders back, or train anew"});
  write(only, whole);
  const fs::path data = file(0, ".data");
  const std::string content = testing::read_file(data);
  damage(data, content.size() / 2);
  expect_refused(run(true), {"alpha has none", ".data' cannot be used"});
  fs::remove(data);
  expect_refused(run(true), {"alpha has none", "there is no '"});
  write(data, content);
  // Without the ledger, the others' counts hold.
  damage(file(0, ".ledger"), 500);
  const auto resumed = run(true);
  expect_done(resumed);
  EXPECT_EQ(told(report(resumed), "loss"), 8u);
}

TEST_F(Resume, AnOlderStateOfOnePartyIsTold) {
  run_until(7);
  fs::copy(kept(2), folder_.path("old"), fs::copy_options::recursive);
  run_until(11, true);
  file(2, "-10.state");
  fs::remove_all(kept(2));
  fs::copy(folder_.path("old"), kept(2), fs::copy_options::recursive);
  expect_refused(run(true), {"alpha has step 10, beta has step 10, gamma has step 5"});
}

TEST_F(Resume, AnothersFolderOrKeyIsWorthNothing) {
  run_until(7);
  fs::rename(kept(0), folder_.path("alphas"));
  fs::rename(kept(1), kept(0));
  expect_refused(run(true), {"alpha has none", "beta has none", "cannot be used"});
  fs::rename(kept(0), kept(1));
  fs::rename(folder_.path("alphas"), kept(0));
  const Identity other = Identity::generate();
  expect_refused(run(true,
                     [&](std::size_t party, PartyOptions& options) {
                       if (party == 1) options.identity = &other;
                     }),
                 {"beta has none", "cannot be used"});
  expect_done(run(true));
}

TEST_F(Resume, OfAnotherJobIsTold) {
  run_until(7);
  cast_.job.training.seed = 99;
  expect_refused(run(true), {"alpha has none, beta has none, gamma has none",
                             "are another job's, or the job file was changed since"});
  cast_.job.checkpoint_every = 0;
  expect_refused(run(true), {"the job keeps no checkpoints (checkpoint_every = 0)"});
}

TEST_F(Resume, WhereThereIsNothing) {
  expect_refused(run(true),
                 {"there is no checkpoint that all parties have: alpha has none, beta has none, "
                  "gamma has none; put the right state folders back, or train anew without --resume"});
}

TEST_F(Resume, AllOrNone) {
  run_until(7);
  const auto one_begins = run(true, [](std::size_t party, PartyOptions& options) {
    if (party == 1) options.resume = false;
  });
  expect_refused(one_begins,
                 {"beta begins a training and alpha resumes one: start all parties with --resume, "
                  "or none"});
  // Nothing was lost by it.
  expect_done(run(true));
}

TEST_F(Resume, BegunAnewTheOldGoesWhenTheNewIsThere) {
  run_until(7);
  const std::set<std::string> old = files(0);
  run_until(3);
  for (const std::string& name : old) EXPECT_FALSE(files(0).contains(name)) << name;
  const auto resumed = run(true);
  expect_done(resumed);
  EXPECT_EQ(report(resumed).resumed, std::vector<std::size_t>{0});
}

TEST_F(Resume, AFullDiskEndsTheRunAndKeepsTheOldCheckpoint) {
  std::atomic<bool> full = false;
  const auto broken = run(false, [&](std::size_t party, PartyOptions& options) {
    if (party != 1) return;
    // A folder where the file is to be: renaming fails as other errors of the disk do.
    options.progress = [&](const Progress& p) {
      if (p.phase != "training" || p.done != 8 || full.exchange(true)) return;
      const fs::path five = file(1, "-5.state");
      std::string ten = five.string();
      ten.replace(ten.rfind("-5.state"), 8, "-10.state");
      fs::create_directories(ten);
      folder_.write(fs::relative(fs::path(ten), folder_.path("")).string() + "/x", "x");
    };
  });
  EXPECT_EQ(broken[1].how, How::Io) << broken[1].said;
  for (const std::size_t p : {0, 2}) EXPECT_EQ(broken[p].how, How::Peer) << broken[p].said;
  fs::remove_all(file(1, "-10.state"));
  for (const std::string& name : files(1)) EXPECT_FALSE(name.ends_with(".part")) << name;
  const auto resumed = run(true);
  expect_done(resumed);
  EXPECT_EQ(report(resumed).resumed, std::vector<std::size_t>{5});
}

}  // namespace
}  // namespace tacit
