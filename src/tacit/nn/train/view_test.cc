// What a party sees of a training: to it, every message looks like uniform bytes, whatever the data are, and
// comes anew in every session. Coins are fixed, so that the figures are the same every time; and sizes are
// such that no step pads its bits.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "tacit/mpc/table.h"
#include "tacit/net/wrap/trace.h"
#include "tacit/nn/testing/examples.h"
#include "tacit/nn/testing/op_case.h"
#include "tacit/party/testing/session.h"

namespace tacit::nn {
namespace {

using tacit::testing::CoinsKind;
using tacit::testing::run_parties;
using testing::TableExamples;
using testing::uniform;

constexpr std::size_t kRows = 192, kWide = 24, kNarrow = 8;

Graph network() {
  Graph g;
  ValueId x = g.add_input("x", {1, kWide});
  x = g.add_node(kMatMul, "first", {x, g.add_parameter("w1", uniform({kWide, kNarrow}, -1, 1, 1))});
  x = g.add_node(kRelu, "bend", {x});
  g.outputs = {g.add_node(kMatMul, "last", {x, g.add_parameter("w2", uniform({kNarrow, kWide}, -1, 1, 2))})};
  return g;
}

/// Features all of one value, or random; one class for all, or one after the other.
struct Data {
  PublicTensor features, targets{{kRows, kWide}, std::vector<double>(kRows*kWide, 0)};
  Data(std::optional<double> value, std::size_t classes) : features(uniform({kRows, kWide}, -2, 2, 3)) {
    if (value) features.values.assign(kRows * kWide, *value);
    for (std::size_t r = 0; r < kRows; ++r) targets.values[r * kWide + r % classes] = 1;
  }
};

/// Numbers of less than whole bytes are sent with zeros above their bits: how many is public, and not for the
/// test to know. Of such, the lowest bit of each byte, eight to a byte.
Bytes lowest_bits(ByteView body) {
  Bytes out(body.size() / 8);
  for (std::size_t i = 0; i < 8 * out.size(); ++i) out[i / 8] |= (body[i] & std::byte{1}) << (i % 8);
  return out;
}

/// What each party receives in a training: by receiver, sender and step.
using View = std::map<std::string, Bytes>;
View watch(const Data& data, const std::string& profile, CoinsKind coins) {
  std::array<Trace, 3> traces;
  for (Trace& t : traces) t.keep_bodies = true;
  const Graph g = network();
  run_parties(
      3,
      [&](Party& party) {
        const auto engine = protocol_named("aby3").make(party, profile_named(profile));
        Ctx ctx{*engine, 16};
        TableExamples examples(ctx, data.features, data.targets);
        Parameters parameters = initial_parameters(ctx, g);
        OptimiserSettings adam;
        adam.name = "adam";
        train(ctx, g, parameters, examples,
              {.epochs = 2, .batch = kRows, .seed = 4, .loss = "softmax_cross_entropy", .optimiser = adam},
              {});
      },
      coins, detect_isa(), [&](PartyId self, Transport& wire) { return traced(wire, traces[index(self)]); });
  View view;
  for (std::size_t from = 0; from < 3; ++from)
    for (const TracedFrame& f : traces[from].frames)
      if (f.tag != "hello" && f.size > 0)  // which names the job in the clear
        append_bytes(view[fmt::format("{} to {}: {}", from, index(f.to), f.tag)],
                     f.tag == "trunc.share" ? lowest_bits(f.body) : f.body);
  return view;
}

/// How far bytes are from uniform, in standard deviations of the chi-square statistic.
double chi_square(ByteView bytes) {
  std::array<double, 256> counts{};
  for (std::byte b : bytes) counts[std::to_integer<std::size_t>(b)] += 1;
  const double expected = static_cast<double>(bytes.size()) / 256;
  double sum = 0;
  for (double c : counts) sum += (c - expected) * (c - expected) / expected;
  return (sum - 255) / std::sqrt(2.0 * 255);
}
/// The same for each of the eight places of a bit: the worst.
double worst_bit(ByteView bytes) {
  double worst = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    double ones = 0;
    for (std::byte b : bytes) ones += std::to_integer<unsigned>(b) >> bit & 1;
    const double n = static_cast<double>(bytes.size());
    worst = std::max(worst, std::fabs(ones - n / 2) / std::sqrt(n / 4));
  }
  return worst;
}

class Views : public ::testing::TestWithParam<const char*> {};

TEST_P(Views, LookUniformWhateverTheData) {
  for (const Data& data : {Data({}, kWide), Data(0.0, 1), Data(2.0, 1)})
    for (const auto& [what, bytes] : watch(data, GetParam(), CoinsKind::Fixed)) {
      ASSERT_GE(bytes.size(), 256u) << what;
      EXPECT_LT(worst_bit(bytes), 5) << what << ", " << bytes.size() << " bytes";
      // Below five a value, the statistic has no such distribution.
      if (bytes.size() >= 5 * 256) {
        EXPECT_LT(std::fabs(chi_square(bytes)), 6) << what << ", " << bytes.size();
      }
    }
}

TEST_P(Views, ComeAnewInEverySession) {
  const Data data(0.0, 1);
  const View one = watch(data, GetParam(), CoinsKind::Fresh), two = watch(data, GetParam(), CoinsKind::Fresh);
  ASSERT_EQ(one.size(), two.size());
  for (const auto& [what, bytes] : one) {
    const Bytes& other = two.at(what);
    ASSERT_EQ(bytes.size(), other.size()) << what;
    double same = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) same += bytes[i] == other[i];
    const double n = static_cast<double>(bytes.size());
    EXPECT_LT(same, n / 256 + 8 * std::sqrt(n / 256) + 8) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(BothProfiles, Views, ::testing::Values("lan", "wan"));

}  // namespace
}  // namespace tacit::nn
