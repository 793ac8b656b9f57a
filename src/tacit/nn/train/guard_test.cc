// Guarded training: an ordinary one raises no alarm, learns the same and costs what is known beforehand; one
// that runs away raises it in the very batch in which a number is wrong, and names a place.
#include "tacit/fn/guard.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/fn/access.h"
#include "tacit/mpc/testing/conformance.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/testing/examples.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using tacit::testing::bits_as_words;
using tacit::testing::OpenSesame;
using testing::TableExamples;
using testing::uniform;

constexpr std::size_t kRows = 12;

struct Data {
  PublicTensor features = uniform({kRows, 1, 6, 6}, 0, 1, 5), targets{{kRows, 3}, {}};
  Data() {
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t c = 0; c < 3; ++c) targets.values.push_back(r % 3 == c ? 1 : 0);
  }
};

Graph network(bool normalised) {
  std::vector<LayerSpec> layers;
  auto add = [&](const char* kind, Attrs attrs = {}) {
    layers.push_back({kind, std::move(attrs), {}, kind});
  };
  add("conv2d", {{"channels", std::int64_t{2}}, {"kernel", std::int64_t{3}}});
  if (normalised) add("batch_norm");
  add("average_pool", {{"kernel", std::int64_t{2}}});
  add("relu");
  add("flatten");
  add("dense");
  return build_graph({1, 6, 6}, layers, 3, 1);
}

struct Told {
  std::vector<bool> any;            ///< a batch that was checked
  std::vector<std::string> places;  ///< of the last
  std::vector<PublicTensor> parameters;
};

/// Trains with every so many batches guarded; stops nowhere.
Told guarded_training(Ctx& plain, const TrainSettings& settings, bool by_place,
                      const testing::Around& around = testing::just) {
  const Data d;
  // Functions of one variable mean nothing outside their domain: where numbers run away there are none.
  const Graph g = network(settings.loss != "squared_error");
  GuardEngine guard(plain.mpc);
  Ctx ctx{guard, plain.frac};
  TableExamples examples(ctx, d.features, d.targets);
  Parameters parameters = initial_parameters(ctx, g);
  std::vector<std::optional<fn::GuardVerdict>> verdicts;
  TrainHooks hooks;
  hooks.wants_loss = [](std::size_t step) { return step % 2 == 0; };
  hooks.before_step = [&](std::size_t step) { guard.watch(settings.guards(step)); };
  hooks.after_step = [&](const StepInfo&) {
    if (guard.watching()) verdicts.push_back(fn::settle_checks(guard, by_place));
    guard.watch(false);
  };
  around([&] { train(ctx, g, parameters, examples, settings, hooks); });
  Told out;
  for (const auto& v : verdicts) {
    out.any.push_back(v && (OpenSesame::open(plain.mpc, fn::Access::look(v->any)).words[0] & 1) != 0);
    out.places.clear();
    if (!v || !v->each) continue;
    const auto each =
        bits_as_words(OpenSesame::open(plain.mpc, fn::Access::look(*v->each)), v->places.size());
    for (std::size_t i = 0; i < each.size(); ++i)
      if (each[i] != 0) out.places.push_back(v->places[i]);
  }
  out.parameters = testing::open_all(plain, parameters);
  return out;
}

TrainSettings settings(const char* optimiser, double rate, std::size_t guard_every) {
  TrainSettings s{.epochs = 2, .batch = 4, .seed = 3};
  s.optimiser.name = optimiser;
  s.optimiser.rate = rate;
  s.guard_every = guard_every;
  return s;
}

TEST(GuardedTraining, OfOrdinaryDataRaisesNoAlarmAndCostsWhatIsDeclared) {
  for (const char* optimiser : {"sgd", "momentum", "adam", "amsgrad"})
    for (std::size_t every : {1, 2}) {
      SCOPED_TRACE(std::string(optimiser) + ", every " + std::to_string(every));
      const TrainSettings s = settings(optimiser, 0.05, every);
      const std::vector<bool> quiet(6 / every, false);
      std::vector<PublicTensor> unguarded;
      testing::on_fixed([&](Ctx& ctx) {
        unguarded = guarded_training(ctx, settings(optimiser, 0.05, 0), false).parameters;
      });
      testing::on_fixed([&](Ctx& ctx) {
        const Told told = guarded_training(ctx, s, true);
        EXPECT_EQ(told.any, quiet);
        for (std::size_t p = 0; p < unguarded.size(); ++p)
          EXPECT_EQ(told.parameters[p].values, unguarded[p].values) << "a guard changed parameter " << p;
      });
      if (every == 2 && std::string(optimiser) != "sgd") continue;  // once is enough
      testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
        std::optional<Told> told;
        testing::expect_declared_cost(party, profile, ctx, [&](Ctx& engine, const testing::Around& around) {
          Told now = guarded_training(engine, s, true, around);
          if (!told) told = std::move(now);
        });
        EXPECT_EQ(told->any, quiet);
      });
    }
}

TEST(GuardedTraining, ThatRunsAwayIsFound) {
  // Steps of 16 times the gradient throw the weights far out, where products leave the ring.
  testing::on_fixed([&](Ctx& ctx) {
    TrainSettings s = settings("sgd", 16, 1);
    s.epochs = 60;
    s.loss = "squared_error";
    const Told told = guarded_training(ctx, s, true);
    const auto first = std::find(told.any.begin(), told.any.end(), true);
    ASSERT_NE(first, told.any.end());
    EXPECT_FALSE(told.any.front()) << "the first batch is an ordinary one";
  });
}

TEST(GuardedTraining, NamesTheLayer) {
  testing::on_fixed([&](Ctx& ctx) {
    TrainSettings s = settings("sgd", 16, 1);
    s.loss = "squared_error";
    // As many batches as it takes.
    for (s.epochs = 1; s.epochs < 64; ++s.epochs) {
      const Told told = guarded_training(ctx, s, true);
      if (!told.any.back()) continue;
      ASSERT_FALSE(told.places.empty());
      for (const std::string& place : told.places)
        EXPECT_TRUE(place.starts_with("forward/") || place.starts_with("backward/") || place == "update")
            << place;
      return;
    }
    FAIL() << "it never ran away";
  });
}

TEST(GuardedTraining, ChecksDataAgainstTheirDeclaredRange) {
  testing::on_aby3([&](Ctx& ctx, Party&, const Profile&) {
    GuardEngine guard(ctx.mpc);
    Ctx guarded{guard, ctx.frac};
    auto left = [&](double low, double high) {
      guard.watch(true);
      fn::expect(guarded, testing::share(guarded, {{3}, {-1, 0.5, 2}}), low, high);
      const auto verdict = fn::settle_checks(guard, false);
      guard.watch(false);
      EXPECT_TRUE(verdict.has_value());
      EXPECT_EQ(verdict->numbers, 3u);
      return (OpenSesame::open(ctx.mpc, fn::Access::look(verdict->any)).words[0] & 1) != 0;
    };
    EXPECT_FALSE(left(-1, 2));
    EXPECT_TRUE(left(-1, 2 - 1.0 / 65536));
    EXPECT_TRUE(left(-1 + 1.0 / 65536, 2));
  });
}

}  // namespace
}  // namespace tacit::nn
