// A training that is broken off and resumed from bytes: on plain numbers, and under fixed coins, it ends as
// one that was never broken, bit for bit; under real coins the state comes back bit for bit, and no stream of
// coins serves twice. What does not fit is refused.
#include "tacit/nn/train/train_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

#include "tacit/base/error.h"
#include "tacit/mpc/table.h"
#include "tacit/nn/layers/layer.h"
#include "tacit/nn/testing/examples.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using tacit::testing::CoinsKind;
using tacit::testing::fixed_keys;
using tacit::testing::run_parties;
using testing::open_all;
using testing::TableExamples;
using testing::uniform;

constexpr std::size_t kRows = 10, kSteps = 9;  // three epochs of 4, 4 and 2 rows

/// With state of its own (running means), and public draws in every step (dropout).
Graph network() {
  auto layer = [](const char* kind) {
    LayerSpec spec;
    spec.kind = kind;
    return spec;
  };
  LayerSpec wide = layer("dense"), drop = layer("dropout");
  wide.attrs.set("units", std::int64_t{6});
  drop.attrs.set("ratio", 0.25);
  const std::vector<LayerSpec> layers{wide, layer("batch_norm"), drop, layer("tanh"), layer("dense")};
  return build_graph({3}, layers, 2, 7);
}

std::vector<TrainSettings> all_settings() {
  std::vector<TrainSettings> all;
  for (const char* name : {"sgd", "momentum", "adam", "amsgrad"}) {
    TrainSettings s{.epochs = 3, .batch = 4, .seed = 5, .loss = "squared_error"};
    s.optimiser.name = name;
    s.optimiser.rate = 0.05;
    s.optimiser.schedule = "linear";
    s.optimiser.weight_decay = 0.01;
    all.push_back(s);
  }
  return all;
}

struct Stop {};

Bytes bytes_of_state(Ctx& ctx, const TrainState& state) {
  MemoryWriter to;
  save(ctx, state, to);
  return to.bytes;
}
TrainState state_of(Ctx& ctx, const Graph& g, const TrainSettings& settings, ByteView bytes) {
  MemoryReader from(bytes);
  TrainState state = load_train_state(ctx, g, settings, from);
  EXPECT_EQ(from.left(), 0u);
  return state;
}

/// Trains from a state until so many steps are done; `after` is called after each.
void train_on(Ctx& ctx, const Graph& g, TrainState& state, const TrainSettings& settings, std::size_t until,
              const std::function<void()>& after = {}) {
  TableExamples examples(ctx, uniform({kRows, 3}, -2, 2, 1), uniform({kRows, 2}, -1, 1, 2));
  TrainHooks hooks;
  hooks.after_step = [&](const StepInfo& info) {
    EXPECT_EQ(state.step, info.step + 1);
    EXPECT_EQ(info.steps, kSteps);
    if (after) after();
    if (state.step == until && until < kSteps) throw Stop();
  };
  try {
    train(ctx, g, state, examples, settings, hooks);
  } catch (const Stop&) {}
  EXPECT_EQ(state.step, until);
}

TEST(TrainState, OfPlainNumbersResumedIsAsNeverBroken) {
  const Graph g = network();
  for (const TrainSettings& settings : all_settings()) {
    auto body = [&](Ctx& ctx) {
      TrainState unbroken = initial_state(ctx, g, settings);
      train_on(ctx, g, unbroken, settings, kSteps);
      const Bytes wanted = bytes_of_state(ctx, unbroken);
      for (std::size_t stop = 0; stop <= kSteps; ++stop) {
        TrainState broken = initial_state(ctx, g, settings);
        if (stop > 0) train_on(ctx, g, broken, settings, stop);
        const Bytes kept = bytes_of_state(ctx, broken);
        TrainState resumed = state_of(ctx, g, settings, kept);
        EXPECT_EQ(bytes_of_state(ctx, resumed), kept);
        train_on(ctx, g, resumed, settings, kSteps);
        EXPECT_EQ(bytes_of_state(ctx, resumed), wanted) << settings.optimiser.name << " at " << stop;
      }
    };
    testing::on_fixed(body);
    testing::on_doubles(body);
  }
}

/// Runs the three parties under fixed coins, whose era changes where a training may be broken.
void under_fixed_coins(const std::function<void(Ctx&, Party&)>& body) {
  run_parties(
      3,
      [&](Party& party) {
        const auto engine = protocol_named("aby3").make(party, profile_named("lan"));
        Ctx ctx{*engine, testing::kFrac};
        body(ctx, party);
      },
      CoinsKind::Fixed);
}
void begin_era(Party& party, std::size_t era) {
  party.coins() = Coins(fixed_keys(party.id(), 3, era), party.compute().kernels.isa);
}

TEST(TrainState, UnderFixedCoinsResumedIsAsNeverBroken) {
  const Graph g = network();
  for (const TrainSettings& settings : all_settings())
    for (const std::size_t stop : {4, 6}) {  // within an epoch, and at its end
      std::vector<Bytes> wanted(3), kept(3);
      under_fixed_coins([&](Ctx& ctx, Party& party) {
        TrainState state = initial_state(ctx, g, settings);
        train_on(ctx, g, state, settings, kSteps, [&] {
          if (state.step != stop) return;
          kept[index(party.id())] = bytes_of_state(ctx, state);
          begin_era(party, 1);
        });
        wanted[index(party.id())] = bytes_of_state(ctx, state);
      });
      std::vector<Bytes> got(3);
      under_fixed_coins([&](Ctx& ctx, Party& party) {
        // The broken session: it ends here, with coins that were drawn for nothing.
        TrainState state = initial_state(ctx, g, settings);
        train_on(ctx, g, state, settings, stop);
        EXPECT_EQ(bytes_of_state(ctx, state), kept[index(party.id())]);
      });
      under_fixed_coins([&](Ctx& ctx, Party& party) {
        TrainState state = state_of(ctx, g, settings, kept[index(party.id())]);
        EXPECT_EQ(bytes_of_state(ctx, state), kept[index(party.id())]);
        TableExamples examples(ctx, uniform({kRows, 3}, -2, 2, 1), uniform({kRows, 2}, -1, 1, 2));
        begin_era(party, 1);
        train(ctx, g, state, examples, settings, {});
        got[index(party.id())] = bytes_of_state(ctx, state);
      });
      EXPECT_EQ(got, wanted) << settings.optimiser.name << " at " << stop;
    }
}

using Draws = std::set<std::pair<Digest, std::uint64_t>>;

/// The parties of a session; what each draws is noted.
Draws draws_of(CoinsKind coins, const std::function<void(Ctx&, Party&)>& body) {
  std::vector<Draws> each(3);
  run_parties(
      3,
      [&](Party& party) {
        const auto engine = protocol_named("aby3").make(party, profile_named("lan"));
        Ctx ctx{*engine, testing::kFrac};
        body(ctx, party);
      },
      coins, detect_isa(), {},
      [&](PartyId self) -> CoinsWatch {
        return [&mine = each[index(self)]](const Digest& key, std::uint64_t number) {
          EXPECT_TRUE(mine.emplace(key, number).second) << "a stream that serves twice in a session";
        };
      });
  Draws all;
  for (Draws& d : each) all.merge(d);
  return all;
}
std::size_t in_both(const Draws& a, const Draws& b) {
  return static_cast<std::size_t>(
      std::count_if(a.begin(), a.end(), [&](const auto& draw) { return b.contains(draw); }));
}

struct Sessions {
  Draws broken, resumed;
  std::vector<PublicTensor> model;
};
/// One session goes beyond the checkpoint at step `stop` and breaks; another goes on from there.
Sessions broken_and_resumed(const TrainSettings& settings, std::size_t stop, CoinsKind coins) {
  const Graph g = network();
  std::vector<Bytes> kept(3);
  Sessions out;
  out.broken = draws_of(coins, [&](Ctx& ctx, Party& party) {
    TrainState state = initial_state(ctx, g, settings);
    train_on(ctx, g, state, settings, stop + 2, [&] {
      if (state.step == stop) kept[index(party.id())] = bytes_of_state(ctx, state);
    });
  });
  out.resumed = draws_of(coins, [&](Ctx& ctx, Party& party) {
    TrainState state = state_of(ctx, g, settings, kept[index(party.id())]);
    EXPECT_EQ(bytes_of_state(ctx, state), kept[index(party.id())]);
    train_on(ctx, g, state, settings, kSteps);
    auto model = open_all(ctx, state.parameters);
    if (index(party.id()) == 0) out.model = std::move(model);
  });
  return out;
}

TEST(TrainState, NoStreamOfCoinsServesInTwoSessions) {
  const TrainSettings settings = all_settings().back();
  const Sessions s = broken_and_resumed(settings, 3, CoinsKind::Fresh);
  EXPECT_GT(s.broken.size(), 100u);
  EXPECT_GT(s.resumed.size(), 100u);
  EXPECT_EQ(in_both(s.broken, s.resumed), 0u);
  // Fixed coins do serve twice, and it is seen.
  const Sessions fixed = broken_and_resumed(settings, 3, CoinsKind::Fixed);
  EXPECT_GT(in_both(fixed.broken, fixed.resumed), 100u);
}

TEST(TrainState, UnderRealCoinsResumedLearnsTheSame) {
  const Graph g = network();
  for (const TrainSettings& settings : all_settings()) {
    auto unbroken = [&] {
      std::vector<PublicTensor> model;
      draws_of(CoinsKind::Fresh, [&](Ctx& ctx, Party& party) {
        TrainState state = initial_state(ctx, g, settings);
        train_on(ctx, g, state, settings, kSteps);
        auto now = open_all(ctx, state.parameters);
        if (index(party.id()) == 0) model = std::move(now);
      });
      return model;
    };
    // Nine steps, each of which rounds at random; Adam divides by small roots besides.
    const bool adaptive = settings.optimiser.name == "adam" || settings.optimiser.name == "amsgrad";
    const double bound = adaptive ? 0.02 : 0.002;
    const auto one = unbroken();
    for (const auto& other : {unbroken(), broken_and_resumed(settings, 4, CoinsKind::Fresh).model}) {
      ASSERT_EQ(other.size(), one.size());
      for (std::size_t p = 0; p < one.size(); ++p)
        for (std::size_t i = 0; i < one[p].values.size(); ++i)
          EXPECT_NEAR(other[p].values[i], one[p].values[i], bound) << settings.optimiser.name << ", " << p;
    }
  }
}

TEST(TrainState, RefusesWhatDoesNotFit) {
  const Graph g = network();
  const auto settings = all_settings();
  testing::on_fixed([&](Ctx& ctx) {
    for (std::size_t kept = 0; kept < settings.size(); ++kept) {
      TrainState state = initial_state(ctx, g, settings[kept]);
      train_on(ctx, g, state, settings[kept], 2);
      const Bytes bytes = bytes_of_state(ctx, state);
      for (std::size_t wanted = 0; wanted < settings.size(); ++wanted) {
        MemoryReader from(bytes);
        if (wanted == kept)
          EXPECT_NO_THROW(load_train_state(ctx, g, settings[wanted], from));
        else
          EXPECT_THROW(load_train_state(ctx, g, settings[wanted], from), UsageError) << kept << wanted;
      }
      for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{24}, bytes.size() - 1}) {
        MemoryReader cut(ByteView(bytes).first(size));
        EXPECT_THROW(load_train_state(ctx, g, settings[kept], cut), UsageError) << size;
      }
      Bytes parts = bytes;
      parts[8] = std::byte{2};  // of a secret
      MemoryReader from(parts);
      EXPECT_THROW(load_train_state(ctx, g, settings[kept], from), UsageError);
    }
  });
}

}  // namespace
}  // namespace tacit::nn
