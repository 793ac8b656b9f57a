#include "tacit/gc/multiparty/bmr.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/gc/testing/ideal_cot.h"
#include "tacit/gc/testing/random_circuit.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

using namespace tacit::testing;
using testing::CotDealer;
using testing::evaluate_copies;
using testing::random_bits;
using testing::random_circuit;

struct Case {
  Circuit circuit;
  std::size_t parties, copies;
  PartyId evaluator;
  JointCircuit joint;
  std::vector<std::vector<Word>> inputs;  ///< what each party passes
  std::vector<Word> values;               ///< what they mean

  Case(std::size_t n, std::size_t k, Circuit of, PartyId e, std::mt19937_64& rng)
      : circuit(std::move(of)), parties(n), copies(k), evaluator(e), joint(roles(rng)) {
    values.resize(words_for(circuit.inputs * k));
    for (std::size_t p = 0; p < n; ++p) inputs.push_back(random_bits(rng, circuit.inputs * k));
    for (std::size_t i = 0; i < circuit.inputs; ++i) {
      const InputFrom& from = joint.inputs[i];
      if (from.kind == InputFrom::Kind::Public)
        for (auto& in : inputs) copy_bits(inputs[0].data(), i * k, in.data(), i * k, k);
      for (std::size_t p = 0; p < n; ++p)
        if (joint.masks(party_id(p), i) || (from.kind == InputFrom::Kind::Public && p == 0))
          xor_bits(inputs[p].data(), i * k, values.data(), i * k, k);
    }
  }
  JointCircuit roles(std::mt19937_64& rng) const {
    std::vector<InputFrom> from;
    for (std::size_t i = 0; i < circuit.inputs; ++i)
      from.push_back(i % 3 == 0   ? InputFrom::all()
                     : i % 3 == 1 ? InputFrom::party(party_id(rng() % parties))
                                  : InputFrom::everybody());
    std::vector<OutputTo> to;
    for (std::size_t i = 0; i < circuit.outputs.size(); ++i)
      to.push_back(i % 3 == 0   ? OutputTo::all()
                   : i % 3 == 1 ? OutputTo::party(party_id(rng() % parties))
                                : OutputTo::nobody());
    return {circuit, from, to};
  }
  /// Each party's outputs together with what they should be.
  void check(const std::vector<std::vector<Word>>& outputs) const {
    const std::vector<Word> expected = evaluate_copies(circuit, copies, values);
    for (std::size_t o = 0; o < circuit.outputs.size(); ++o)
      for (std::size_t k = 0; k < copies; ++k) {
        const std::size_t at = o * copies + k;
        const Word value = bits_at(expected.data(), at, 1);
        Word sum = 0;
        for (std::size_t p = 0; p < parties; ++p) {
          const Word bit = bits_at(outputs[p].data(), at, 1);
          if (joint.outputs[o].kind != OutputTo::Kind::Shared) {
            ASSERT_EQ(bit, joint.learns(party_id(p), o) ? value : 0) << o << " " << k << " " << p;
          }
          sum ^= bit;
        }
        if (joint.outputs[o].kind == OutputTo::Kind::Shared) { ASSERT_EQ(sum, value) << o << " " << k; }
      }
  }
};

struct Param {
  std::size_t parties, copies;
};
class BmrTest : public ::testing::TestWithParam<Param> {};

TEST_P(BmrTest, GivesWhatTheCircuitGivesAtTheDeclaredCost) {
  const auto [n, copies] = GetParam();
  std::mt19937_64 rng(n * 10000 + copies);
  const Case c(n, copies, random_circuit(rng, 9, copies == 1000 ? 60 : 150, 12), party_id(rng() % n), rng);
  const BmrCost cost = bmr_cost(c.joint, copies, n, c.evaluator);
  CotDealer dealer(n, 7);
  std::vector<std::vector<Word>> outputs(n);
  std::vector<Cost> garbled(n);
  const std::vector<Cost> all = run_parties(
      n,
      [&](Party& p) {
        Bmr bmr(p, c.evaluator, dealer.ends(p.id()));
        GarbledInstance instance = bmr.garble(c.joint, copies);
        garbled[index(p.id())] = p.meter().total();
        outputs[index(p.id())] = evaluate(p, c.joint, std::move(instance), c.inputs[index(p.id())]);
      },
      CoinsKind::Fixed);
  c.check(outputs);

  Cost made, done;
  std::uint64_t made_rounds = 0, rounds = 0;
  for (std::size_t p = 0; p < n; ++p) {
    made += garbled[p];
    done += all[p];
    made_rounds = std::max(made_rounds, garbled[p].rounds);
    rounds = std::max(rounds, all[p].rounds);
  }
  EXPECT_EQ(made.payload, cost.garble_bytes);
  EXPECT_EQ(made_rounds, cost.garble_rounds);
  EXPECT_EQ(done.payload - made.payload, cost.evaluate_bytes);
  EXPECT_EQ(rounds - made_rounds, cost.evaluate_rounds);
  EXPECT_EQ(dealer.transfers(), cost.transfers);
}

std::vector<Param> params() {
  std::vector<Param> out;
  for (std::size_t n : {2, 3, 4, 5})
    for (std::size_t copies : {1, 3, 64, 1000}) out.push_back({n, copies});
  return out;
}
INSTANTIATE_TEST_SUITE_P(PartiesAndCopies, BmrTest, ::testing::ValuesIn(params()), [](const auto& p) {
  return std::to_string(p.param.parties) + "_" + std::to_string(p.param.copies);
});

}  // namespace
}  // namespace tacit::gc
