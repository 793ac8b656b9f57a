// Split inference over memory: what the user gets is what the plain engine's integer mode gives, bit for bit,
// whoever holds the weights, for networks of every kind of layer.
#include "tacit/split/seco/query.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/base/error.h"
#include "tacit/fn/access.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/testing/conformance.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/ot/testing/ideal_cot.h"
#include "tacit/party/testing/session.h"
#include "tacit/ring/codec.h"
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
  const RingTensor t = OpenSesame::open(ctx.mpc, fn::Access::look(out[0]));
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

}  // namespace
}  // namespace tacit::seco
