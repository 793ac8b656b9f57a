// The cost model against the protocol: for random networks, 2 to 4 servers and every placement, each server's
// bytes and rounds of each phase are those that its meter counts, and its memory is what it holds.
#include "tacit/split/seco/cost.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/party/testing/session.h"
#include "tacit/split/seco/correlation_store.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/query.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::seco {
namespace {

using testing::run_parties;
using testing::SplitModel;
using testing::SplitModelBuilder;

/// A few layers of all kinds, in any order.
SplitModel random_network(std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  auto below = [&](std::size_t n) { return rng() % n; };
  const std::size_t side = 6 + below(4);
  SplitModelBuilder b({1, 1 + below(3), side, side});
  const std::size_t blocks = 1 + below(2);
  for (std::size_t i = 0; i < blocks; ++i) {
    b.conv(1 + below(4), static_cast<std::int64_t>(1 + below(3)), 1, static_cast<std::int64_t>(1 + below(2)));
    switch (below(4)) {
      case 0:
        b.relu();
        break;
      case 1:
        b.relu(), b.pool(nn::kMaxPool, 2, 1);
        break;
      case 2:
        b.relu(), b.pool(nn::kAveragePool, 2, 2);
        break;
      default:
        b.op(nn::kClip, {b.last}, {{"min", 0.0}, {"max", 6.0}});
    }
  }
  if (below(2) == 0) b.dense(3 + below(5)), b.relu();
  b.dense(2 + below(70));
  if (below(3) == 0) b.op(nn::kArgMax, {b.last}, {{"axis", std::int64_t{1}}});
  return b.done(fmt::format("random network {}", seed));
}

struct Measured {
  std::vector<Cost> at;  ///< after set-up, after each of two preparations, and after each answer
  std::uint64_t memory = 0;
};

std::vector<Measured> measured(const std::vector<Part>& parts, ot::Source source, ActivationBy by) {
  const std::size_t n = parts.size();
  std::vector<Measured> out(n);
  run_parties(n, [&](Party& party) {
    const Part& part = parts[index(party.id())];
    Measured& mine = out[index(party.id())];
    auto note = [&] { mine.at.push_back(party.meter().total()); };
    const Circuits circuits(part.network, n, by);
    gc::PairwiseTransfers transfers(party, source);
    Preparation preparation(party, part.network, part.holders, part.weights, circuits, transfers);
    note();
    Correlation first = preparation.next();
    note();
    Correlation second = preparation.next();
    note();
    MemoryWriter kept;
    save(std::move(first), kept);
    mine.memory = kept.bytes.size();
    MemoryReader again(kept.bytes);
    first = load_correlation(part.network, circuits, party.id(), again);
    for (Correlation* c : {&first, &second}) {
      const std::vector<Word> x(elements(part.network.input), 3);
      answer(party, part.network, part.holders, part.weights, std::move(*c), x);
      note();
    }
  });
  return out;
}

void compare(const Model& model, const std::string& name, std::size_t servers, const Holders& holders,
             ot::Source source, ActivationBy by) {
  SCOPED_TRACE(to_string(by));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < servers; ++i) names.push_back(fmt::format("server{}", i));
  const std::vector<Measured> real = measured(cut(model, name, names, holders), source, by);
  const NetworkSizes sizes(model.network, servers);
  Script script(servers);
  ScriptedServers written(script, sizes, holders, source, by);
  std::size_t at = 0;
  auto check = [&](const char* phase) {
    const auto told = script.spent();
    for (std::size_t p = 0; p < servers; ++p) {
      EXPECT_EQ(told[p].bytes, real[p].at[at].payload) << phase << ", server " << p;
      EXPECT_EQ(told[p].rounds, real[p].at[at].rounds) << phase << ", server " << p;
    }
    ++at;
  };
  check("set-up");
  for (int i = 0; i < 2; ++i) {
    written.prepare();
    check("ahead");
  }
  for (int i = 0; i < 2; ++i) {
    written.answer();
    check("online");
  }
  for (std::size_t p = 0; p < servers; ++p) EXPECT_EQ(sizes.prepared_bytes(by, party_id(p)), real[p].memory);
}

TEST(CostModel, EqualsTheMetersForEveryPlacement) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto [name, graph] = random_network(seed);
    const Model model = split_model(graph, seed % 2 == 0 ? Numbers{32, 10} : Numbers{37, 11});
    const std::size_t servers = 2 + seed % 3;
    for (std::size_t at_gateway = 0; at_gateway <= layers_of(model.network); ++at_gateway)
      for (const bool shares : {false, true}) {
        if (shares && at_gateway != 1) continue;
        SCOPED_TRACE(fmt::format("{}, {} servers, {} layers at the gateway", name, servers, at_gateway));
        // Who holds what changes nothing of activations: garbled ones take one placement.
        for (const ActivationBy by : all_activations())
          if (by == ActivationBy::Gmw || at_gateway == 0)
            compare(model, name, servers, place_layers(model.network, servers, at_gateway, shares),
                    seed == 1 ? ot::Source::Iknp : ot::Source::SoftSpoken4, by);
      }
  }
}

TEST(CostModel, EqualsTheMetersForOtherLayersAndSources) {
  const auto models = testing::split_models();
  for (const std::size_t i : {std::size_t{3}, std::size_t{4}, std::size_t{6}, std::size_t{8}}) {
    SCOPED_TRACE(models[i].name);
    const Model model = split_model(models[i].graph, {32, 10});
    for (const ActivationBy by : all_activations())
      compare(model, models[i].name, 2, place_layers(model.network, 2, i % 2, false),
              i == 3 ? ot::Source::Ferret : ot::Source::SoftSpoken6, by);
  }
}

// Whose first stage is garbled in several instances, among three servers.
TEST(CostModel, EqualsTheMetersForLargeStages) {
  SplitModelBuilder b({1, 1, 64, 64});
  b.conv(1, 2), b.relu(), b.dense(3);
  const auto [name, graph] = b.done("large");
  const Model model = split_model(graph, {32, 10});
  ASSERT_GT(NetworkSizes(model.network, 3).instances(0).size(), 1u);
  compare(model, name, 3, place_layers(model.network, 3, 1, false), ot::Source::SoftSpoken4,
          ActivationBy::Garbled);
}

}  // namespace
}  // namespace tacit::seco
