#include "tacit/gc/multiparty/bmr.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/activation.h"
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
      from.push_back(i % 4 == 0   ? InputFrom::all()
                     : i % 4 == 1 ? InputFrom::party(party_id(rng() % parties))
                     : i % 4 == 2 ? InputFrom::everybody()
                                  : InputFrom::ahead());
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

// The layer that this is for: x + m is opened, m and the next mask are shared by bits ahead of it, and what
// comes out is opened in turn. In two instances, and the rounds of one.
TEST(Bmr, ReluBetweenTwoMaskedLayers) {
  constexpr std::size_t kBits = 32, kShift = 12, kCopies = 70, kParties = 3;
  Builder b;
  const Bits word = b.inputs(kBits), hidden = b.inputs(kBits), next = b.inputs(kBits);
  const Circuit circuit = b.finish(masked_relu(b, word, hidden, next, kShift));
  std::vector<InputFrom> from(3 * kBits, InputFrom::ahead());
  std::fill_n(from.begin(), kBits, InputFrom::everybody());
  const JointCircuit joint(circuit, from, std::vector<OutputTo>(kBits));
  std::mt19937_64 rng(6);
  std::vector<std::int64_t> x(kCopies);
  std::vector<Word> m(kCopies), r(kCopies);
  std::vector<std::vector<Word>> inputs;
  for (std::size_t p = 0; p < kParties; ++p) inputs.push_back(random_bits(rng, 3 * kBits * kCopies));
  for (std::size_t k = 0; k < kCopies; ++k) {
    auto sum_of = [&](std::size_t first_wire) {
      Word sum = 0;
      for (std::size_t i = 0; i < kBits; ++i)
        for (const auto& in : inputs) sum ^= bits_at(in.data(), (first_wire + i) * kCopies + k, 1) << i;
      return sum;
    };
    x[k] = static_cast<std::int32_t>(rng() >> (rng() % 32));
    m[k] = sum_of(kBits);
    r[k] = sum_of(2 * kBits);
    const Word told = activation_word(static_cast<Word>(x[k]) + m[k], kBits, kShift);
    for (auto& in : inputs)
      for (std::size_t i = 0; i < kBits; ++i) put_bits(in.data(), i * kCopies + k, 1, told >> i & 1);
  }
  CotDealer dealer(kParties, 3);
  std::vector<std::uint64_t> before(kParties), after(kParties);
  run_parties(kParties, [&](Party& p) {
    Bmr bmr(p, party_id(0), dealer.ends(p.id()));
    const std::size_t self = index(p.id());
    EXPECT_THROW(bmr.garble(joint, kCopies), UsageError);
    std::vector<GarbledInstance> two;
    two.push_back(bmr.garble(joint, kCopies, inputs[self]));
    two.push_back(bmr.garble(joint, kCopies, inputs[self]));
    // All clocks together, so that rounds can be counted from here.
    for (int round = 0; round < 2; ++round) p.tell_all("test.clock", Bytes(1));
    before[self] = p.meter().total().rounds;
    const auto outs = evaluate(p, joint, std::move(two), std::vector{inputs[self], inputs[self]});
    after[self] = p.meter().total().rounds;
    EXPECT_EQ(outs[0], outs[1]);
    const std::vector<Word>& out = outs[0];
    for (std::size_t k = 0; k < kCopies; ++k) {
      Word got = 0;
      for (std::size_t i = 0; i < kBits; ++i) got |= bits_at(out.data(), i * kCopies + k, 1) << i;
      const auto rounded = static_cast<std::int32_t>(x[k] + (1 << (kShift - 1))) >> kShift;
      EXPECT_EQ((got + r[k]) & 0xffffffff, static_cast<Word>(std::max(rounded, 0))) << x[k];
    }
  });
  EXPECT_EQ(*std::max_element(after.begin(), after.end()) - *std::max_element(before.begin(), before.end()),
            2u);
  EXPECT_EQ(bmr_cost(joint, kCopies, kParties, party_id(0)).evaluate_rounds, 2u);
}

struct Param {
  std::size_t parties, copies;
};
class BmrTest : public ::testing::TestWithParam<Param> {};

TEST_P(BmrTest, GivesWhatTheCircuitGivesAtTheDeclaredCost) {
  const std::size_t n = GetParam().parties, copies = GetParam().copies;
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
        GarbledInstance instance = bmr.garble(c.joint, copies, c.inputs[index(p.id())]);
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
