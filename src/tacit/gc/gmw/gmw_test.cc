#include "tacit/gc/gmw/gmw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

using testing::run_parties;

std::vector<Word> sum(const std::vector<std::vector<Word>>& shares) {
  std::vector<Word> out(shares[0].size());
  for (const auto& s : shares)
    for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= s[i];
  return out;
}

TEST(BitTriples, AreProducts) {
  for (std::size_t n : {2, 3, 5})
    for (std::size_t words : {std::size_t{3}, std::size_t{n == 3 ? 9000u : 1u}}) {
      std::vector<std::vector<Word>> a(n), b(n), c(n);
      const auto costs = run_parties(n, [&](Party& party) {
        PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
        TripleMaker maker(party, transfers);
        maker.make(1);
        BitTriples made = maker.make(words + 1);
        ASSERT_EQ(made.left(), words + 1);
        const auto t = made.take(words + 1);
        EXPECT_EQ(made.left(), 0u);
        EXPECT_THROW(made.take(1), UsageError);
        const std::size_t self = index(party.id());
        a[self].assign(t.a.begin(), t.a.end());
        b[self].assign(t.b.begin(), t.b.end());
        c[self].assign(t.c.begin(), t.c.end());
      });
      const std::vector<Word> x = sum(a), y = sum(b), z = sum(c);
      for (std::size_t i = 0; i <= words; ++i) ASSERT_EQ(z[i], x[i] & y[i]) << n << " parties, word " << i;
      EXPECT_NE(x[0], x[1]);
      EXPECT_NE(x[0], y[0]);
    }
}

/// Some gates of every kind over public and shared wires.
Circuit random_circuit(std::size_t inputs, std::size_t gates, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  Circuit c;
  c.inputs = c.wires = inputs;
  for (std::size_t i = 0; i < gates; ++i) {
    auto any = [&] { return static_cast<Wire>(rng() % c.wires); };
    const Gate::Kind kind = static_cast<Gate::Kind>(rng() % 3);
    const Wire a = any(), b = kind == Gate::Kind::Not ? a : any();
    c.gates.push_back({kind, a, b, static_cast<Wire>(c.wires++)});
  }
  for (std::size_t i = 0; i < 20; ++i) c.outputs.push_back(static_cast<Wire>(rng() % c.wires));
  return c;
}

TEST(Gmw, EqualsThePlainEvaluation) {
  std::mt19937_64 rng(5);
  for (int round = 0; round < 6; ++round) {
    const std::size_t n = 2 + rng() % 3, publics = rng() % 4, inputs = publics + 1 + rng() % 6,
                      words = 1 + rng() % 3;
    const GmwPlan plan(random_circuit(inputs, 80, rng()), publics);
    std::vector<Word> values(inputs * words);
    for (Word& v : values) v = rng();
    const std::span<const Word> open_part = std::span(values).first(publics * words);
    std::vector<std::vector<Word>> shares(n);
    for (std::size_t p = 0; p + 1 < n; ++p)
      for (std::size_t i = publics * words; i < values.size(); ++i) shares[p].push_back(rng());
    for (std::size_t i = publics * words, k = 0; i < values.size(); ++i, ++k) {
      Word last = values[i];
      for (std::size_t p = 0; p + 1 < n; ++p) last ^= shares[p][k];
      shares[n - 1].push_back(last);
    }
    std::vector<std::vector<Word>> results(n);
    std::vector<std::uint64_t> rounds_before(n), rounds_after(n);
    run_parties(n, [&](Party& party) {
      PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
      BitTriples triples = TripleMaker(party, transfers).make(plan.triples(words));
      Gmw gmw(party);
      const Cost before = party.meter().total();
      const std::vector<Word> out = gmw.evaluate(plan, words, open_part, shares[index(party.id())], triples);
      const Cost after = party.meter().total();
      EXPECT_EQ((after.payload - before.payload) * n, plan.bytes(n, words));
      rounds_before[index(party.id())] = before.rounds;
      rounds_after[index(party.id())] = after.rounds;
      EXPECT_EQ(triples.left(), 0u);
      results[index(party.id())] = gmw.open(out);
      if (plan.ands() > 0) {
        EXPECT_THROW(gmw.evaluate(plan, words, open_part, shares[0], triples), UsageError);
      }
    });
    // The latest clock when it began, and when it ended.
    auto latest = [](const auto& clocks) { return *std::max_element(clocks.begin(), clocks.end()); };
    EXPECT_EQ(latest(rounds_after) - latest(rounds_before), plan.rounds());
    std::vector<Word> in(inputs);
    for (std::size_t w = 0; w < words; ++w) {
      for (std::size_t i = 0; i < inputs; ++i) in[i] = values[i * words + w];
      const std::vector<Word> expected = evaluate(plan.circuit(), in);
      for (std::size_t p = 0; p < n; ++p)
        for (std::size_t o = 0; o < expected.size(); ++o)
          ASSERT_EQ(results[p][o * words + w], expected[o]) << "round " << round << ", output " << o;
    }
  }
}

TEST(Gmw, PublicOperandsCostNothing) {
  Builder c;
  const Bits known = c.inputs(32), secret = c.inputs(32);
  const Circuit circuit = c.finish({c.bit_and(known[0], secret[0]), c.bit_and(known[1], known[2])});
  EXPECT_EQ(GmwPlan(circuit, 32).ands(), 0u);
  EXPECT_EQ(GmwPlan(circuit, 32).rounds(), 0u);
  EXPECT_EQ(GmwPlan(circuit, 0).ands(), 2u);
}

}  // namespace
}  // namespace tacit::gc
