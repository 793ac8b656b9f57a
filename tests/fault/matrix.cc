// The fault matrix within one process (GTEST_TOTAL_SHARDS runs it in several): a small training in which one
// frame of one sender to one receiver goes wrong, for every link, every kind of fault and frames of every
// step. Nobody hangs, and everybody names the one to blame.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <set>

#include "tacit/job/testing/whole_run.h"
#include "tacit/net/wrap/fault.h"
#include "tacit/net/wrap/trace.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::Cast;
using testing::Ending;
using How = Ending::How;

constexpr unsigned kHung = 60;  // seconds after which a run that takes less than one counts as hung

char current[200];  // the case that runs, for the watchman
void tell_and_end(int) {
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, current, std::strlen(current));
  ::_exit(1);
}

std::string_view name_of(Fault fault) {
  constexpr std::string_view kNames[] = {"none", "wrong tag", "wrong size", "short", "repeat",
                                         "swap", "drop",      "die",        "cut",   "garbage"};
  return kNames[static_cast<std::size_t>(fault)];
}

/// Steps after which an endpoint has all that it came for: who has gone by then has no fault to notice.
bool near_the_end(const std::string& tag) {
  return tag == "stats" || tag == "done" || tag == "thanks" || tag == "finished" ||
         tag.starts_with("release.");
}
/// What even the receiver may not notice: reports of other parties than the first, which nobody looks into,
/// and what comes behind the last frame.
bool may_pass(const std::string& tag, Fault fault) {
  if (fault == Fault::Garbage) return near_the_end(tag);
  return tag == "done" && (fault == Fault::WrongSize || fault == Fault::Short);
}

class FaultMatrix : public ::testing::TestWithParam<std::size_t> {  // of the sender
 protected:
  FaultMatrix()
      : cast_(testing::cast_of(folder_, testing::tiny_classes_job(),
                               {testing::tiny_classes_data(20, 1), testing::tiny_classes_data(24, 2)})) {
    ::signal(SIGALRM, tell_and_end);
    traces_.resize(cast_.job.names().size());
    const testing::Wrap watched = [&](PartyId self, Transport& wire) {
      return traced(wire, traces_[index(self)]);
    };
    for (const Ending& e : testing::train_in_memory(cast_, 60s, watched)) {
      EXPECT_EQ(e.how, How::Done) << e.said;
      received_.push_back(e.received.received.size());
    }
  }
  ~FaultMatrix() override { ::alarm(0); }

  struct Link {
    std::size_t from, to;
    std::vector<std::string> tags;  ///< of its frames, in order
  };
  std::vector<Link> links() const {
    std::vector<Link> out;
    const std::size_t n = traces_.size();
    for (std::size_t to = 0; to < n; ++to) {
      Link link{GetParam(), to, {}};
      for (const TracedFrame& f : traces_[link.from].frames)
        if (index(f.to) == to) link.tags.push_back(f.tag);
      if (!link.tags.empty()) out.push_back(std::move(link));
    }
    return out;
  }
  /// At most so many frames, spread over the whole: of the first and last ones of each step, or of all.
  static std::vector<std::size_t> chosen(const Link& link, std::size_t most, bool ends_of_steps) {
    std::set<std::size_t> all;
    std::map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < link.tags.size(); ++i)
      if (!ends_of_steps || !last.contains(link.tags[i])) {
        all.insert(i);
        last[link.tags[i]] = i;
      }
    if (ends_of_steps) {
      for (std::size_t i = 0; i < link.tags.size(); ++i) last[link.tags[i]] = i;
      for (const auto& [tag, i] : last) all.insert(i);
    }
    const std::vector<std::size_t> list(all.begin(), all.end());
    std::vector<std::size_t> out;
    const std::size_t n = std::min(most, list.size());
    for (std::size_t i = 0; i < n; ++i) out.push_back(list[i * list.size() / n]);
    return out;
  }

  /// Runs with the fault; `everybody` must name its sender (else: nobody may hang or end otherwise).
  void check(const Link& link, std::size_t at, Fault fault, bool over_tls, bool everybody) {
    const std::string& tag = link.tags[at];
    const auto names = cast_.job.names();
    const std::string what =
        fmt::format("{}: {} to {}, frame {} of {} ({}){}\n", name_of(fault), names[link.from], names[link.to],
                    at, link.tags.size(), tag, over_tls ? ", over TLS" : "");
    std::snprintf(current, sizeof current, "hung: %s", what.c_str());
    ::alarm(kHung);
    const testing::Wrap wrap = [&](PartyId self, Transport& wire) {
      return index(self) == link.from ? faulty(wire, party_id(link.to), at, fault) : nullptr;
    };
    const auto endings =
        over_tls ? testing::train_over_tls(cast_, wrap) : testing::train_in_memory(cast_, 300ms, wrap);
    ++runs_;
    bool good = true;
    std::string all;
    for (std::size_t i = 0; i < endings.size(); ++i) {
      const Ending& e = endings[i];
      all += fmt::format("  {}: {} [{}] {}\n", names[i], static_cast<int>(e.how), e.blamed, e.said);
      if (i == link.from) continue;
      if (e.how == How::Peer && (e.blamed == names[link.from] || !everybody)) continue;
      const bool owner = i >= cast_.job.parties.size(), to_owner = link.to >= cast_.job.parties.size();
      // What goes wrong between a party and an owner may be noticed when others have all that they came for;
      // what comes behind an owner's upload, when it is to say that it has its results.
      const bool late = to_owner ? owner : fault == Fault::Garbage && link.from >= cast_.job.parties.size();
      const bool may_be_done =
          !everybody || may_pass(tag, fault) || (i != link.to && (near_the_end(tag) || late));
      good &= e.how == How::Done && may_be_done;
      // Nobody takes less for the whole.
      if (everybody && owner) good &= e.received.received.size() == received_[i];
    }
    EXPECT_TRUE(good) << what << all;
  }

  testing::ScratchFolder folder_;
  Cast cast_;
  std::vector<Trace> traces_;
  std::vector<std::size_t> received_;  ///< results by each endpoint, when nothing goes wrong
  std::size_t runs_ = 0;
};

TEST_P(FaultMatrix, InMemoryTheSenderIsNamed) {
  for (const Link& link : links())
    for (std::size_t at : chosen(link, 40, true))
      for (Fault fault : {Fault::WrongTag, Fault::WrongSize, Fault::Short, Fault::Die})
        check(link, at, fault, false, true);
  std::printf("%zu runs\n", runs_);
}

// A frame that is missing, or comes twice or late, may pass for the next of its step, or leave two waiting
// for one another. Nobody hangs even then, and nothing but a peer is blamed.
TEST_P(FaultMatrix, InMemoryNobodyHangsOverFramesOutOfOrder) {
  for (const Link& link : links())
    for (std::size_t at : chosen(link, 7, false))
      for (Fault fault : {Fault::Repeat, Fault::Swap, Fault::Drop}) check(link, at, fault, false, false);
  std::printf("%zu runs\n", runs_);
}

TEST_P(FaultMatrix, OverTlsTheSenderIsNamed) {
  for (const Link& link : links())
    for (std::size_t at : chosen(link, 7, true))
      for (Fault fault : {Fault::WrongTag, Fault::WrongSize, Fault::Die, Fault::Cut, Fault::Garbage})
        check(link, at, fault, true, true);
  std::printf("%zu runs\n", runs_);
}

INSTANTIATE_TEST_SUITE_P(EachSender, FaultMatrix, ::testing::Range(std::size_t{0}, std::size_t{5}));

}  // namespace
}  // namespace tacit
