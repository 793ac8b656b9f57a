#include "tacit/serve/plan.h"

#include <gtest/gtest.h>

#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit {
namespace {

CutEstimate cut_of(double waiting, double work, std::uint64_t remote_weights) {
  CutEstimate c;
  c.waiting_seconds = waiting;
  c.remote_weights = remote_weights;
  c.servers = {{.name = "gateway", .ahead = {.seconds = work}},
               {.name = "remote-b", .ahead = {.seconds = 0}}};
  return c;
}

TEST(Plan, TakesTheShortestWaitAndThenTheLeastWork) {
  const std::vector<CutEstimate> cuts{cut_of(2, 1, 0), cut_of(1.04, 5, 0), cut_of(1, 7, 0),
                                      cut_of(1.06, 1, 0)};
  EXPECT_EQ(recommended(cuts), 1u);
  const std::vector<CutEstimate> alike{cut_of(1, 5, 30), cut_of(1, 5, 10), cut_of(1, 5, 20)};
  EXPECT_EQ(recommended(alike), 1u);
  EXPECT_EQ(cuts[0].busiest().name, "gateway");
}

class PlannedModel : public ::testing::Test {
 protected:
  seco::Model model = seco::split_model(testing::split_models()[2].graph, {32, 10});
  seco::NetworkSizes sizes{model.network, 3};
};

TEST_F(PlannedModel, RoundsAreWhatASlowLinkCosts) {
  // Without work and with any number of bytes a second, waiting is the chain of messages.
  PlanSettings slow{.link = {.one_way_seconds = 0.02, .bytes_per_second = 0}};
  const auto cuts = plan_cuts(sizes, slow, {});
  ASSERT_EQ(cuts.size(), 2 * (seco::layers_of(model.network) + 1));
  for (const CutEstimate& c : cuts) {
    // Hello, masks to the user, its input to the gateway, and the answer.
    // The gateway, which answers, may be done before others are.
    EXPECT_NEAR(c.waiting_seconds, 0.02 * static_cast<double>(c.servers[0].online.rounds + 4), 1e-9);
    EXPECT_GE(c.online_rounds(), c.servers[0].online.rounds);
    EXPECT_LT(c.user_sent + c.user_received, 1000u);
  }
  EXPECT_EQ(cuts[recommended(cuts)].activations, seco::ActivationBy::Garbled);
}

TEST_F(PlannedModel, BytesAreWhatANarrowLinkCosts) {
  PlanSettings narrow{.link = {.one_way_seconds = 0, .bytes_per_second = 1e6}};
  const auto cuts = plan_cuts(sizes, narrow, {});
  for (const CutEstimate& c : cuts) {
    std::uint64_t most = 0;
    for (const ServerEstimate& s : c.servers) most = std::max(most, s.online.bytes);
    EXPECT_GE(c.waiting_seconds, static_cast<double>(most) / 1e6);
  }
  EXPECT_EQ(cuts[recommended(cuts)].activations, seco::ActivationBy::Gmw);
}

TEST_F(PlannedModel, ServersOnOneProcessorWorkOneAfterAnother) {
  seco::UnitCosts units;
  units.encrypt = 1;
  PlanSettings settings;
  const CutEstimate apart = plan_cut(sizes, settings, units, 0, seco::ActivationBy::Gmw);
  settings.shared_cores = 1;
  const CutEstimate together = plan_cut(sizes, settings, units, 0, seco::ActivationBy::Gmw);
  double work = 0;
  for (const ServerEstimate& s : together.servers) work += s.ahead.seconds;
  EXPECT_GT(apart.ahead_seconds, 0);
  EXPECT_LT(apart.ahead_seconds, work);
  EXPECT_DOUBLE_EQ(together.ahead_seconds, work);
}

TEST_F(PlannedModel, TheUserMayBeTheOtherOfTwoParties) {
  const seco::NetworkSizes two(model.network, 2);
  PlanSettings settings{.remotes = 0, .link = {.one_way_seconds = 0.02, .bytes_per_second = 0}};
  const auto cuts = plan_cuts(two, settings, {});
  ASSERT_EQ(cuts.size(), seco::all_activations().size());
  const std::size_t layers = seco::layers_of(model.network);
  for (const CutEstimate& c : cuts) {
    EXPECT_EQ(c.gateway_layers, layers);
    EXPECT_EQ(c.remote_weights, 0u);
    ASSERT_EQ(c.servers.size(), 2u);
    const ServerEstimate& user = c.servers[1];
    EXPECT_EQ(user.name, "user");
    EXPECT_EQ(user.weights, 0u);
    EXPECT_EQ(c.user_sent, user.ahead.bytes + user.online.bytes);
    EXPECT_EQ(c.user_received, c.servers[0].ahead.bytes + c.servers[0].online.bytes);
    EXPECT_NEAR(c.waiting_seconds, 0.02 * static_cast<double>(c.online_rounds()), 1e-9);
    EXPECT_DOUBLE_EQ(c.participation_seconds, c.ahead_seconds + c.waiting_seconds);
    // Ahead it does what a remote server does, but that nothing is read back from a disk.
    const CutEstimate served = plan_cut(two, {.remotes = 1}, {}, layers, c.activations);
    EXPECT_EQ(user.ahead.bytes + 1, served.servers[1].ahead.bytes);
    EXPECT_EQ(user.memory, served.servers[1].memory);
  }
  EXPECT_THROW(plan_cut(sizes, {.remotes = 0}, {}, layers, seco::ActivationBy::Gmw), std::logic_error);
}

TEST_F(PlannedModel, WhoHoldsWhat) {
  const std::vector<Layer> layers = weights_by_layer(model.network);
  std::uint64_t all = 0, before = 0;
  for (const Layer& l : layers) all += l.weights;
  for (std::size_t n = 0; n <= layers.size(); ++n) {
    PlanSettings settings;
    CutEstimate c = plan_cut(sizes, settings, {}, n, seco::ActivationBy::Gmw);
    EXPECT_EQ(c.gateway_weights, before);
    EXPECT_EQ(c.remote_weights, all - before);
    settings.gateway_share = true;
    c = plan_cut(sizes, settings, {}, n, seco::ActivationBy::Gmw);
    EXPECT_EQ(c.gateway_weights, before);
    EXPECT_EQ(c.remote_weights, 0u);
    if (n < layers.size()) before += layers[n].weights;
  }
}

}  // namespace
}  // namespace tacit
