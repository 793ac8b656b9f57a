// What any n - 1 parties hold together, against two checkers: one decodes wires by all that is known of their
// masks, one looks for two labels of an honest garbler's wire. Both must fail here, and both succeed against
// two-party garbling among the same parties, where one garbles for all and one evaluates.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/gc/garble/half_gates.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/gc/testing/ideal_cot.h"
#include "tacit/gc/testing/random_circuit.h"
#include "tacit/net/wrap/trace.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

using testing::evaluate_copies;
using testing::random_bits;

constexpr std::size_t kCopies = 300;

/// ReLU of a difference; all inputs and And gates' outputs are outputs, so that all wires' masks can be seen.
Circuit open_wires() {
  Builder c;
  const Bits a = c.inputs(12), b = c.inputs(12);
  Circuit circuit = c.finish(relu(c, subtract(c, a, b)));
  circuit.outputs.clear();
  for (Wire w = 0; w < circuit.inputs; ++w) circuit.outputs.push_back(w);
  for (const Gate& g : circuit.gates)
    if (g.kind == Gate::Kind::And) circuit.outputs.push_back(g.out);
  return circuit;
}

/// How many of the bits come out right when everything known is added up.
double decoded(const std::vector<std::vector<Word>>& known, std::span<const Word> truth, std::size_t bits) {
  std::vector<Word> sum(truth.begin(), truth.end());
  for (const auto& k : known) xor_bits(k.data(), 0, sum.data(), 0, bits);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < bits; ++i) wrong += bits_at(sum.data(), i, 1);
  return 1 - static_cast<double>(wrong) / static_cast<double>(bits);
}
void expect_even(double fraction, std::size_t bits) {
  EXPECT_NEAR(fraction, 0.5, 5 * 0.5 / std::sqrt(static_cast<double>(bits)));
}

/// True if two of the blocks differ by delta, as two labels of a wire do.
bool holds_both_labels(std::span<const Label> blocks, Label delta) {
  std::set<std::pair<Word, Word>> seen;
  for (Label l : blocks) seen.insert({l.low, l.high});
  for (Label l : blocks) {
    const Label other = l ^ delta;
    if (seen.count({other.low, other.high}) > 0) return true;
  }
  return false;
}

TEST(Collusion, ReadsEverythingOfTwoPartyGarbling) {
  const Circuit circuit = open_wires();
  const Plan plan(circuit);
  std::mt19937_64 rng(1);
  const std::vector<Word> inputs = random_bits(rng, circuit.inputs * kCopies);
  const auto prg = std::make_shared<const Prg>(Bytes(16, std::byte{4}), detect_isa());
  const Label delta = random_delta(Stream(prg, 0));
  const Labels zeros = random_labels(Stream(prg, 1), circuit.inputs * kCopies);
  Labels active = zeros;
  for (std::size_t i = 0; i < active.size(); ++i)
    active[i] = active[i] ^ (delta & bits_at(inputs.data(), i, 1));
  const HalfGates gates(Label{1, 1});
  Tables tables;
  const Labels garbler = gates.garble(plan, kCopies, delta, 0, zeros, tables);
  const Labels evaluator = gates.evaluate(plan, kCopies, 0, active, tables);

  const std::size_t bits = circuit.outputs.size() * kCopies;
  std::vector<Word> masks(words_for(bits)), masked(words_for(bits));
  put_colours(garbler, masks.data(), 0);
  put_colours(evaluator, masked.data(), 0);
  const std::vector<Word> truth = evaluate_copies(circuit, kCopies, inputs);
  EXPECT_EQ(decoded({masks, masked}, truth, bits), 1.0);
  expect_even(decoded({masked}, truth, bits), bits);  // the evaluator alone
  Labels both = garbler;
  both.insert(both.end(), evaluator.begin(), evaluator.end());
  EXPECT_TRUE(holds_both_labels(both, delta));
  EXPECT_FALSE(holds_both_labels(evaluator, delta));
}

TEST(Collusion, OfAllButOneReadsNothingHere) {
  const Circuit circuit = open_wires();
  const std::size_t bits = circuit.outputs.size() * kCopies;
  for (std::size_t n : {2, 3, 4})
    for (std::size_t e = 0; e < n; ++e) {
      std::mt19937_64 rng(n * 10 + e);
      const PartyId evaluator = party_id(e);
      const JointCircuit joint(circuit, std::vector<InputFrom>(circuit.inputs),
                               std::vector<OutputTo>(circuit.outputs.size(), OutputTo::nobody()));
      std::vector<std::vector<Word>> inputs, shares(n);
      std::vector<Word> values(words_for(circuit.inputs * kCopies));
      for (std::size_t p = 0; p < n; ++p) {
        inputs.push_back(random_bits(rng, circuit.inputs * kCopies));
        xor_bits(inputs[p].data(), 0, values.data(), 0, circuit.inputs * kCopies);
      }
      std::vector<Trace> traces(n);
      for (Trace& t : traces) t.keep_bodies = true;
      testing::CotDealer dealer(n, 5 + e);
      tacit::testing::run_parties(
          n,
          [&](Party& p) {
            Bmr bmr(p, evaluator, dealer.ends(p.id()));
            shares[index(p.id())] = evaluate(p, joint, bmr.garble(joint, kCopies), inputs[index(p.id())]);
          },
          tacit::testing::CoinsKind::Fixed, detect_isa(),
          [&](PartyId self, Transport& wire) { return traced(wire, traces[index(self)]); });

      const std::vector<Word> truth = evaluate_copies(circuit, kCopies, values);
      ASSERT_EQ(decoded(shares, truth, bits), 1.0) << "all together";
      for (std::size_t honest = 0; honest < n; ++honest) {
        std::vector<std::vector<Word>> known = shares;
        known.erase(known.begin() + static_cast<std::ptrdiff_t>(honest));
        expect_even(decoded(known, truth, bits), bits);
        // Whatever blocks the honest party sent, no two of them are labels of one wire.
        Labels sent;
        for (const TracedFrame& f : traces[honest].frames)
          for (std::size_t at = 0; at + sizeof(Label) <= f.body.size(); at += sizeof(Label))
            sent.push_back(read_at<Label>(f.body, at));
        EXPECT_FALSE(holds_both_labels(sent, dealer.delta(party_id(honest))));
        // And what it sent looks like coin flips, the number of the instance aside.
        for (const TracedFrame& f : traces[honest].frames) {
          const std::size_t skip = f.tag == "bmr.masked" ? 8 : f.tag == "bmr.labels" ? 16 : 0;
          std::size_t ones = 0, total = 8 * (f.body.size() - skip);
          for (std::size_t i = skip; i < f.body.size(); ++i)
            ones += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(f.body[i])));
          if (total < 1000) continue;
          EXPECT_NEAR(static_cast<double>(ones), static_cast<double>(total) / 2,
                      2.5 * std::sqrt(static_cast<double>(total)) + 8)
              << f.tag;
        }
      }
    }
}

}  // namespace
}  // namespace tacit::gc
