// Training: every optimiser against its textbook's recurrence on doubles, and aby3 against doubles;
// schedules, the shuffle, hooks, state, and costs that are known beforehand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "tacit/base/error.h"
#include "tacit/nn/testing/examples.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using testing::open_all;
using testing::TableExamples;
using testing::uniform;

constexpr std::size_t kRows = 10;

/// One matrix product: what gradients are can be said in a line.
Graph linear_model() {
  Graph g;
  const ValueId x = g.add_input("x", {1, 3});
  g.outputs = {g.add_node(kMatMul, "y", {x, g.add_parameter("w", uniform({3, 2}, -1, 1, 1))})};
  return g;
}

/// Two layers, the first normalised if that is wanted.
Graph small_network(std::size_t outputs, bool normalised) {
  Graph g;
  ValueId x = g.add_input("x", {1, 3});
  x = g.add_node(
      kGemm, "first",
      {x, g.add_parameter("w1", uniform({3, 6}, -1, 1, 2)), g.add_parameter("b1", uniform({6}, -1, 1, 3))});
  if (normalised)
    x = g.add_node(kBatchNormalization, "norm",
                   {x, g.add_parameter("scale", {{6}, std::vector<double>(6, 1)}),
                    g.add_parameter("bias", {{6}, std::vector<double>(6, 0)}),
                    g.add_parameter("mean", {{6}, std::vector<double>(6, 0)}),
                    g.add_parameter("variance", {{6}, std::vector<double>(6, 1)})},
                   {{"momentum", 0.5}, {"epsilon", 0.01}});
  x = g.add_node(kTanh, "curve", {x});
  g.outputs = {g.add_node(kGemm, "last", {x, g.add_parameter("w2", uniform({6, outputs}, -1, 1, 4))})};
  return g;
}

struct Data {
  PublicTensor features = uniform({kRows, 3}, -2, 2, 5), targets;
};
Data data_for(const std::string& loss) {
  if (loss == "squared_error") return {.targets = uniform({kRows, 2}, -2, 2, 6)};
  Data d{.targets = {{kRows, loss == "softmax_cross_entropy" ? 2u : 1u}, {}}};
  for (std::size_t r = 0; r < kRows; ++r) {
    const bool yes = d.features.values[3 * r] > d.features.values[3 * r + 1];
    d.targets.values.push_back(yes ? 1 : 0);
    if (loss == "softmax_cross_entropy") d.targets.values.push_back(yes ? 0 : 1);
  }
  return d;
}

std::vector<PublicTensor> trained(Ctx& ctx, const Graph& g, const Data& d, const TrainSettings& settings,
                                  const TrainHooks& hooks = {},
                                  const testing::Around& around = testing::just) {
  TableExamples examples(ctx, d.features, d.targets);
  Parameters parameters = initial_parameters(ctx, g);
  around([&] { train(ctx, g, parameters, examples, settings, hooks); });
  return open_all(ctx, parameters);
}

/// The recurrence of each optimiser on the linear model with squared error, as its paper has it.
std::vector<double> by_the_book(const Data& d, const TrainSettings& settings) {
  const OptimiserSettings& s = settings.optimiser;
  std::vector<double> w = uniform({3, 2}, -1, 1, 1).values, m(6, 0), v(6, 0), top(6, 0);
  const double per_epoch = std::ceil(double(kRows) / double(settings.batch));
  std::size_t step = 0;
  for (std::size_t epoch = 0; epoch < settings.epochs; ++epoch) {
    const auto order = shuffled_rows(kRows, settings.seed, epoch);
    for (std::size_t begin = 0; begin < kRows; begin += settings.batch) {
      const std::size_t end = std::min(begin + settings.batch, kRows);
      std::vector<double> g(6, 0);
      for (std::size_t r = begin; r < end; ++r)
        for (std::size_t o = 0; o < 2; ++o) {
          const double* x = d.features.values.data() + order[r] * 3;
          const double error =
              x[0] * w[o] + x[1] * w[2 + o] + x[2] * w[4 + o] - d.targets.values[order[r] * 2 + o];
          for (std::size_t i = 0; i < 3; ++i) g[i * 2 + o] += error * x[i] / double(end - begin);
        }
      const double rate = rate_at(s, double(step) / per_epoch, double(settings.epochs)), t = double(++step);
      for (std::size_t i = 0; i < 6; ++i) {
        double gi = s.clip > 0 ? std::clamp(g[i], -s.clip, s.clip) : g[i];
        gi += s.weight_decay * w[i];
        if (s.name == "sgd") {
          w[i] -= rate * gi;
        } else if (s.name == "momentum") {
          w[i] -= rate * (m[i] = s.momentum * m[i] + gi);
        } else {
          m[i] = s.beta1 * m[i] + (1 - s.beta1) * gi;
          v[i] = s.beta2 * v[i] + (1 - s.beta2) * gi * gi;
          top[i] = s.name == "amsgrad" ? std::max(top[i], v[i]) : v[i];
          const double debias = 1 - std::pow(s.beta2, t);
          w[i] -=
              rate * m[i] / (1 - std::pow(s.beta1, t)) / std::sqrt((top[i] + s.epsilon * s.epsilon) / debias);
        }
      }
    }
  }
  return w;
}

std::vector<OptimiserSettings> optimisers() {
  std::vector<OptimiserSettings> all;
  for (const char* name : {"sgd", "momentum", "adam", "amsgrad"}) {
    OptimiserSettings s;
    s.name = name;
    s.rate = s.name == "sgd" || s.name == "momentum" ? 0.1 : 0.02;
    all.push_back(s);
    s.weight_decay = 0.05;
    all.push_back(s);
    s.clip = 0.5;
    all.push_back(s);
    s.weight_decay = 0;
    for (const char* schedule : {"step", "linear", "cosine"}) {
      s.schedule = schedule;
      all.push_back(s);
    }
  }
  return all;
}

std::string described(const OptimiserSettings& s) {
  return fmt::format("{}, decay {}, clip {}, {}", s.name, s.weight_decay, s.clip, s.schedule);
}

TEST(Training, OptimisersFollowTheirRecurrences) {
  const Data d = data_for("squared_error");
  for (const OptimiserSettings& s : optimisers()) {
    const TrainSettings settings{.epochs = 3, .batch = 4, .seed = 9, .loss = "squared_error", .optimiser = s};
    testing::on_doubles([&](Ctx& ctx) {
      const auto got = trained(ctx, linear_model(), d, settings)[0].values;
      const auto want = by_the_book(d, settings);
      // Public factors are rounded to 13 binary digits.
      for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(got[i], want[i], 1e-3) << described(s);
    });
  }
}

TEST(Training, Aby3LearnsWhatDoublesLearn) {
  for (const char* loss : {"softmax_cross_entropy", "binary_cross_entropy", "squared_error"}) {
    const Data d = data_for(loss);
    const Graph g = small_network(d.targets.shape[1], std::string(loss) == "squared_error");
    for (const OptimiserSettings& s : optimisers()) {
      const bool squared = std::string(loss) == "squared_error";
      if (!squared && (s.schedule != "constant" || s.weight_decay > 0)) continue;  // once is enough
      SCOPED_TRACE(std::string(loss) + ", " + described(s));
      const TrainSettings settings{.epochs = 2, .batch = 4, .seed = 3, .loss = loss, .optimiser = s};
      std::vector<PublicTensor> exact;
      testing::on_doubles([&](Ctx& ctx) { exact = trained(ctx, g, d, settings); });
      // Six steps, each of which rounds gradients and updates to 2^-16, at random, and may so take a ReLU's
      // input to the other side of zero; Adam divides by small roots besides.
      const bool adaptive = s.name == "adam" || s.name == "amsgrad";
      const double bound = adaptive ? 0.004 : 0.002;
      auto expect_same = [&](const std::vector<PublicTensor>& got) {
        for (std::size_t p = 0; p < exact.size(); ++p)
          for (std::size_t i = 0; i < exact[p].values.size(); ++i)
            EXPECT_NEAR(got[p].values[i], exact[p].values[i], bound) << "parameter " << p;
      };
      testing::on_fixed([&](Ctx& ctx) { expect_same(trained(ctx, g, d, settings)); });
      testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
        std::vector<PublicTensor> got;
        testing::expect_declared_cost(party, profile, ctx, [&](Ctx& engine, const testing::Around& around) {
          const auto now = trained(engine, g, d, settings, {}, around);
          if (got.empty()) got = now;
        });
        if (index(party.id()) == 0) expect_same(got);
      });
    }
  }
}

TEST(Training, TellsOfEveryStep) {
  const Data d = data_for("squared_error");
  testing::on_fixed([&](Ctx& ctx) {
    std::vector<StepInfo> infos;
    std::vector<bool> with_loss;
    TrainHooks hooks;
    hooks.wants_loss = [](std::size_t step) { return step % 2 == 0; };
    hooks.after_step = [&](const StepInfo& info) {
      infos.push_back(info);
      with_loss.push_back(info.loss != nullptr);
      if (info.loss != nullptr) { EXPECT_GT(testing::open(ctx, *info.loss).values.at(0), 0); }
    };
    trained(ctx, linear_model(), d, {.epochs = 2, .batch = 4, .loss = "squared_error"}, hooks);
    ASSERT_EQ(infos.size(), 6u);
    const std::size_t sizes[] = {4, 4, 2, 4, 4, 2};
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(infos[i].step, i);
      EXPECT_EQ(infos[i].steps, 6u);
      EXPECT_EQ(infos[i].epoch, i / 3);
      EXPECT_EQ(infos[i].examples, sizes[i]);
      EXPECT_EQ(with_loss[i], i % 2 == 0);
    }
  });
}

TEST(Training, ShowsTheForwardRunAndStopsWhereItIsTold) {
  const Data d = data_for("squared_error");
  testing::on_fixed([&](Ctx& ctx) {
    const Graph g = linear_model();
    std::vector<std::size_t> seen, ended;
    TrainHooks hooks;
    hooks.goes_on = [](std::size_t step) { return step < 4; };
    hooks.after_forward = [&](const ForwardInfo& info) {
      seen.push_back(info.step);
      const auto out = testing::open(ctx, info.tape.values[g.nodes[0].output]->secret("a test"));
      const auto target = testing::open(ctx, info.batch.targets),
                 gradient = testing::open(ctx, info.output_gradient);
      ASSERT_EQ(out.shape, gradient.shape);
      for (std::size_t i = 0; i < out.values.size(); ++i)
        EXPECT_NEAR(gradient.values[i], out.values[i] - target.values[i], 0.001);
    };
    hooks.after_step = [&](const StepInfo& info) { ended.push_back(info.step); };
    TrainState state = initial_state(ctx, g, {.epochs = 2, .batch = 4, .loss = "squared_error"});
    TableExamples examples(ctx, d.features, d.targets);
    const TrainSettings settings{.epochs = 2, .batch = 4, .loss = "squared_error"};
    train(ctx, g, state, examples, settings, hooks);
    EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 3}));
    EXPECT_EQ(ended, seen);
    EXPECT_EQ(state.step, 4u);
    // And goes on from there.
    hooks.goes_on = nullptr;
    train(ctx, g, state, examples, settings, hooks);
    EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
  });
}

TEST(Training, LowersTheLossOfEveryKind) {
  for (const Loss* loss : all_losses()) {
    const Data d = data_for(std::string(loss->name));
    testing::on_fixed([&](Ctx& ctx) {
      std::vector<double> losses;
      TrainHooks hooks;
      hooks.wants_loss = [](std::size_t) { return true; };
      hooks.after_step = [&](const StepInfo& info) {
        losses.push_back(testing::open(ctx, *info.loss).values.at(0));
      };
      trained(ctx, small_network(d.targets.shape[1], true), d,
              {.epochs = 40, .batch = kRows, .loss = std::string(loss->name)}, hooks);
      EXPECT_LT(losses.back(), 0.5 * losses.front()) << loss->name;
    });
  }
}

TEST(Training, ShufflesByThePublicSeed) {
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t seed : {1, 2})
    for (std::size_t epoch : {0, 1, 2}) {
      auto order = shuffled_rows(50, seed, epoch);
      EXPECT_EQ(order, shuffled_rows(50, seed, epoch));
      orders.insert(order);
      std::sort(order.begin(), order.end());
      std::vector<std::size_t> all(50);
      std::iota(all.begin(), all.end(), std::size_t{0});
      EXPECT_EQ(order, all);
    }
  EXPECT_EQ(orders.size(), 6u);
  EXPECT_EQ(shuffled_rows(1, 1, 0), std::vector<std::size_t>{0});
  EXPECT_TRUE(shuffled_rows(0, 1, 0).empty());
}

TEST(Training, SchedulesLowerTheRate) {
  OptimiserSettings s{.rate = 0.8, .schedule_factor = 0.5, .schedule_epochs = 2};
  auto rates = [&](const char* schedule) {
    s.schedule = schedule;
    return std::vector<double>{rate_at(s, 0, 8), rate_at(s, 1.5, 8), rate_at(s, 2, 8), rate_at(s, 4, 8),
                               rate_at(s, 8, 8)};
  };
  EXPECT_EQ(rates("constant"), (std::vector<double>{0.8, 0.8, 0.8, 0.8, 0.8}));
  EXPECT_EQ(rates("step"), (std::vector<double>{0.8, 0.8, 0.4, 0.2, 0.05}));
  const auto linear = rates("linear"), cosine = rates("cosine");
  const double linear_wanted[] = {0.8, 0.65, 0.6, 0.4, 0.0008};
  const double cosine_wanted[] = {0.8, 0.4 * (1 + std::cos(std::acos(-1.0) * 1.5 / 8)),
                                  0.4 * (1 + std::sqrt(0.5)), 0.4, 0.0008};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(linear[i], linear_wanted[i], 1e-12);
    EXPECT_NEAR(cosine[i], cosine_wanted[i], 1e-12);
  }
}

TEST(Training, RefusesSettingsThatMakeNoSense) {
  const std::pair<std::string, OptimiserSettings> bad[] = {{"'adam'", {.name = "adma"}},
                                                           {"learning rate", {.rate = 0}},
                                                           {"learning rate", {.rate = 17}},
                                                           {"momentum", {.momentum = 1}},
                                                           {"beta1", {.beta1 = 1}},
                                                           {"beta2", {.beta2 = 0}},
                                                           {"epsilon", {.epsilon = 0}},
                                                           {"weight decay", {.weight_decay = -1}},
                                                           {"clipping", {.clip = -1}},
                                                           {"'cosine'", {.schedule = "cosin"}},
                                                           {"schedule", {.schedule_epochs = 0}}};
  for (const auto& [says, settings] : bad) {
    try {
      check(settings);
      ADD_FAILURE() << says;
    } catch (const UsageError& e) {
      EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << e.what();
    }
  }
  const Data d = data_for("squared_error");
  testing::on_fixed([&](Ctx& ctx) {
    EXPECT_THROW(trained(ctx, linear_model(), d, {.epochs = 0, .loss = "squared_error"}), UsageError);
    EXPECT_THROW(trained(ctx, linear_model(), d, {.batch = 0, .loss = "squared_error"}), UsageError);
    EXPECT_THROW(trained(ctx, linear_model(), d, {.loss = "none"}), UsageError);
  });
}

}  // namespace
}  // namespace tacit::nn
