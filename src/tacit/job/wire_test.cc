// What can be seen from the wire: who sends which step's message of what size to whom, and when, follows from
// what is public. And what is in the messages does not come again.
#include <gtest/gtest.h>

#include <set>

#include "tacit/job/testing/whole_run.h"
#include "tacit/net/wrap/trace.h"

namespace tacit {
namespace {

using namespace std::chrono_literals;
using testing::Cast;
using testing::Ending;
using testing::ScratchFolder;

struct Seen {
  std::vector<Trace> traces = std::vector<Trace>(5);
  std::vector<std::string> contents;
};

/// Traces of a training by each endpoint.
Seen watch(const Cast& cast) {
  Seen seen;
  const auto endings = testing::train_in_memory(
      cast, 60s, [&](PartyId self, Transport& wire) { return traced(wire, seen.traces[index(self)]); });
  for (const Ending& e : endings) EXPECT_EQ(e.how, Ending::How::Done) << e.said;
  for (Trace& t : seen.traces) seen.contents.push_back(to_hex(t.contents.finish()));
  return seen;
}

/// One line a frame. The last messages tell times and memory in decimal, which makes their size vary.
std::vector<std::string> lines(const Trace& trace) {
  std::vector<std::string> out;
  for (const TracedFrame& f : trace.frames) {
    const bool timed = f.tag == "stats" || f.tag == "done";
    out.push_back(fmt::format("to {} {} {} bytes depth {}", index(f.to), f.tag, timed ? 0 : f.size, f.depth));
  }
  return out;
}

void expect_same_form(const Seen& one, const Seen& other) {
  for (std::size_t i = 0; i < one.traces.size(); ++i) {
    EXPECT_GT(one.traces[i].frames.size(), 5u);
    const auto a = lines(one.traces[i]), b = lines(other.traces[i]);
    EXPECT_EQ(a.size(), b.size()) << "frames sent by endpoint " << i;
    for (std::size_t f = 0; f < std::min(a.size(), b.size()); ++f)
      ASSERT_EQ(a[f], b[f]) << "frame " << f << " of endpoint " << i;
    EXPECT_NE(one.contents[i], other.contents[i]) << "as sent by endpoint " << i;
  }
}

TEST(Wire, OfANetworkOfThreeClassesTellsOnlyWhatIsPublic) {
  const ScratchFolder folder;
  const auto data = [](std::uint64_t seed) {
    return std::vector{testing::tiny_classes_data(40, seed), testing::tiny_classes_data(30, seed + 1)};
  };
  Cast cast = testing::cast_of(folder, testing::tiny_classes_job(), data(1));
  const Seen first = watch(cast);
  expect_same_form(first, watch(cast));  // the same data, other coins
  // Other data, among them rows that are all alike and at the ends of their ranges.
  std::string constant = "a,b,sort\n";
  for (int i = 0; i < 40; ++i) constant += "-1,100,z\n";
  for (const auto& other : {data(7), std::vector{constant, data(9)[1]}}) {
    for (std::size_t i = 0; i < 2; ++i) folder.write(cast.job.owners[i].name + ".csv", other[i]);
    expect_same_form(first, watch(cast));
  }
}

TEST(Wire, OfARegressionOnTwoOwnersColumnsTellsOnlyWhatIsPublic) {
  const ScratchFolder folder;
  const auto data = [](std::uint64_t seed) {
    return std::vector{testing::tiny_columns_data(24, seed, false),
                       testing::tiny_columns_data(24, seed, true)};
  };
  const Cast cast = testing::cast_of(folder, testing::tiny_columns_job(), data(1));
  const Seen first = watch(cast);
  expect_same_form(first, watch(cast));
  const auto other = data(5);
  for (std::size_t i = 0; i < 2; ++i) folder.write(cast.job.owners[i].name + ".csv", other[i]);
  expect_same_form(first, watch(cast));
}

}  // namespace
}  // namespace tacit
