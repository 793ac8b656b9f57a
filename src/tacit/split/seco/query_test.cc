// Split inference over memory: what the user gets is what the plain engine's integer mode gives, bit for bit,
// whoever holds the weights, for networks of every kind of layer.
#include "tacit/split/seco/query.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/fn/access.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/testing/conformance.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/party/testing/session.h"
#include "tacit/ring/codec.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::seco {
namespace {

using testing::run_parties;

std::vector<Word> encoded(const Numbers& numbers, std::span<const double> x) {
  std::vector<Word> out;
  for (const double v : x) out.push_back(encode_fixed(v, numbers.fraction) & numbers.mask());
  return out;
}

/// The graph on the plain engine's integers.
std::vector<Word> plain_answer(const nn::Graph& graph, const Numbers& numbers, const PublicTensor& x) {
  Workers workers(1);
  plain::PlainEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, numbers.fraction};
  const Secret<Real> in = fn::input(ctx, party_id(0), &x, x.shape);
  const auto out = nn::forward(ctx, graph, nn::initial_parameters(ctx, graph), {&in, 1});
  const RingTensor t = testing::OpenSesame::open(ctx.mpc, fn::Access::look(out[0]));
  std::vector<Word> words;
  for (const Word w : t.words) words.push_back(w & numbers.mask());
  // A place is a number, too, there.
  if (graph.nodes.back().op->name == "ArgMax") words[0] >>= numbers.fraction;
  return words;
}

TEST(SplitModel, AnswersAsThePlainEngineDoes) {
  Workers workers(1);
  const Compute compute{ring_kernels(detect_isa()), workers};
  for (const auto& [name, graph] : testing::split_models())
    for (const Numbers numbers : {Numbers{32, 10}, Numbers{40, 12}}) {
      SCOPED_TRACE(fmt::format("{}, {} bits", name, numbers.bits));
      const Model model = split_model(graph, numbers);
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const PublicTensor x = testing::split_input(graph, seed);
        EXPECT_EQ(clear_answer(compute, model, encoded(numbers, x.values)), plain_answer(graph, numbers, x));
      }
    }
}

/// Everybody's answer to one question, all servers as threads. Checks that they agree.
std::vector<Word> private_answer(const Model& model, const std::vector<Part>& parts, std::span<const Word> x,
                                 ActivationBy by, std::size_t times = 1) {
  const std::size_t n = parts.size();
  std::vector<Word> told;
  // What goes between the user and the servers, by hand.
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::vector<SecretBytes>> input_seeds(times), answer_seeds(times);
  std::vector<std::vector<Word>> masked(times), results(n);
  std::thread user([&] {
    for (std::size_t t = 0; t < times; ++t) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return input_seeds[t].size() == n; });
      std::vector<ByteView> in, out;
      for (std::size_t i = 0; i < n; ++i) {
        in.push_back(input_seeds[t][i].bytes());
        out.push_back(answer_seeds[t][i].bytes());
      }
      const Question question(face_of(model.network), in, out);
      masked[t] = question.masked(x);
      changed.notify_all();
      changed.wait(lock, [&] {
        return std::all_of(results.begin(), results.end(), [](const auto& r) { return !r.empty(); });
      });
      for (const auto& r : results) EXPECT_EQ(r, results[0]);
      told = question.unmasked(results[0]);
      for (auto& r : results) r.clear();
      changed.notify_all();
    }
  });
  run_parties(n, [&](Party& party) {
    const std::size_t self = index(party.id());
    const Part& part = parts[self];
    const Circuits circuits(part.network, n, by);
    gc::PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
    Preparation preparation(party, part.network, part.holders, part.weights, circuits, transfers);
    for (std::size_t t = 0; t < times; ++t) {
      Correlation c = preparation.next();
      std::unique_lock lock(mutex);
      input_seeds[t].emplace_back(c.input_seed.bytes());
      answer_seeds[t].emplace_back(c.answer_seed.bytes());
      // In the servers' order or not: masks are sums.
      changed.notify_all();
      changed.wait(lock, [&] { return !masked[t].empty(); });
      lock.unlock();
      const std::vector<Word> result =
          answer(party, part.network, part.holders, part.weights, std::move(c), masked[t]);
      lock.lock();
      results[self] = result;
      changed.notify_all();
      changed.wait(lock, [&] { return results[self].empty(); });
    }
  });
  user.join();
  return told;
}

TEST(Query, AnswersAsTheModelInTheClear) {
  Workers workers(1);
  const Compute compute{ring_kernels(detect_isa()), workers};
  std::size_t round = 0;
  for (const auto& [name, graph] : testing::split_models()) {
    const std::size_t servers = 2 + round % 2;
    SCOPED_TRACE(fmt::format("{}, {} servers", name, servers));
    const Model model = split_model(graph, {32, 10});
    const std::vector<std::string> names{"gateway", "remote-b", "remote-c"};
    const auto parts = cut(model, name, {names.begin(), names.begin() + static_cast<long>(servers)},
                           place_layers(model.network, servers, round % 3 == 2 ? 1 : 0, round % 4 == 1));
    const auto x = encoded(model.network.numbers, testing::split_input(graph, 7).values);
    for (const ActivationBy by : all_activations())
      EXPECT_EQ(private_answer(model, parts, x, by), clear_answer(compute, model, x)) << to_string(by);
    ++round;
  }
}

TEST(Query, ManyServersAndManyQueries) {
  Workers workers(1);
  const Compute compute{ring_kernels(detect_isa()), workers};
  const auto [name, graph] = testing::split_models()[4];
  const Model model = split_model(graph, {40, 12});
  const auto parts = cut(model, name, {"a", "b", "c", "d"}, place_layers(model.network, 4, 1, false));
  const auto x = encoded(model.network.numbers, testing::split_input(graph, 8).values);
  for (const ActivationBy by : all_activations())
    EXPECT_EQ(private_answer(model, parts, x, by, 3), clear_answer(compute, model, x)) << to_string(by);
}

}  // namespace
}  // namespace tacit::seco
