// Plans and streams: memory follows the width, and tables that pass by are those that lie in memory.
#include <gtest/gtest.h>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/gc/garble/half_gates.h"
#include "tacit/gc/testing/random_circuit.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

TEST(Plan, KeepsTheOrderThatGatesNeedInReusedSlots) {
  std::mt19937_64 rng(8);
  for (int round = 0; round < 20; ++round) {
    const Circuit circuit = testing::random_circuit(rng, 1 + rng() % 12, rng() % 900, 1 + rng() % 9);
    const Plan plan(circuit);
    EXPECT_EQ(plan.ands.size(), circuit.ands());
    EXPECT_LE(plan.slots, circuit.wires);
    std::vector<Word> at(plan.slots), inputs(circuit.inputs), out;
    for (std::size_t i = 0; i < inputs.size(); ++i) at[i] = inputs[i] = rng();
    std::size_t a = 0, f = 0;
    for (const Plan::Step& step : plan.steps) {
      // All And gates of a step read before any writes.
      std::vector<Word> made;
      for (std::size_t i = 0; i < step.ands; ++i)
        made.push_back(at[plan.ands[a + i].a] & at[plan.ands[a + i].b]);
      for (Word w : made) at[plan.ands[a++].out] = w;
      for (std::size_t end = f + step.frees; f < end; ++f) {
        const FreePlaces& g = plan.frees[f];
        at[g.out] = g.inverts ? ~at[g.a] : at[g.a] ^ at[g.b];
      }
    }
    for (std::uint32_t slot : plan.outputs) out.push_back(at[slot]);
    EXPECT_EQ(out, evaluate(circuit, inputs));
  }
}

TEST(Plan, IsAsWideAsTheCircuitAndNotAsLong) {
  Builder c;
  Bits x = c.inputs(16);
  const Bits y = c.inputs(16);
  for (int i = 0; i < 2000; ++i) x = add(c, y, relu(c, x));
  const Plan plan(c.finish(x));
  EXPECT_GT(plan.ands.size(), 50000u);
  EXPECT_LT(plan.slots, 1500u);  // a window's gates and what passes by
}

TEST(Streaming, OverAChannelIsTheSameAsInMemory) {
  std::mt19937_64 rng(3);
  const Circuit circuit = testing::random_circuit(rng, 20, 600, 10);
  const Plan plan(circuit);
  for (std::size_t copies : {1, 5, 300}) {
    const auto prg = std::make_shared<const Prg>(Bytes(16, std::byte{1}), detect_isa());
    const Label delta = random_delta(Stream(prg, 0));
    const Labels zeros = random_labels(Stream(prg, 1), circuit.inputs * copies);
    const HalfGates gates(Label{1, 2});
    Tables tables;
    const Labels expected = gates.garble(plan, copies, delta, 3, zeros, tables);
    Labels made, read;
    const auto costs = tacit::testing::run_parties(2, [&](Party& p) {
      if (p.id() == party_id(0)) {
        ChannelSink sink(p.to(party_id(1)), "tables");
        made = gates.garble(plan, copies, delta, 3, zeros, sink);
      } else {
        ChannelSource source(p.to(party_id(0)), "tables", HalfGates::rows(plan, copies));
        read = gates.evaluate(plan, copies, 3, zeros, source);
      }
    });
    EXPECT_EQ(made, expected);
    EXPECT_EQ(read, gates.evaluate(plan, copies, 3, zeros, tables));
    EXPECT_EQ(costs[0].payload, tables.size() * sizeof(Label));
    EXPECT_EQ(costs[0].rounds + costs[1].rounds, 1u);
  }
}

TEST(Streaming, RefusesMessagesThatDoNotFit) {
  Builder c;
  const Bits a = c.inputs(8), b = c.inputs(8);
  const Plan plan(c.finish(add(c, a, b)));
  const Labels labels(16);
  EXPECT_THROW(tacit::testing::run_parties(2,
                                           [&](Party& p) {
                                             if (p.id() == party_id(0)) {
                                               p.to(party_id(1)).send("tables", Bytes(32));
                                             } else {
                                               ChannelSource source(p.to(party_id(0)), "tables",
                                                                    HalfGates::rows(plan, 1));
                                               HalfGates(Label{}).evaluate(plan, 1, 0, labels, source);
                                             }
                                           }),
               PeerError);
  Tables tables(HalfGates::rows(plan, 1) - 1);
  MemorySource source(tables);
  EXPECT_THROW(HalfGates(Label{}).evaluate(plan, 1, 0, labels, source), UsageError);
}

}  // namespace
}  // namespace tacit::gc
