// What triples and circuits on shares send, as written down, is what the meters count.
#include "tacit/gc/gmw/script.h"

#include <gtest/gtest.h>

#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

TEST(GmwScript, CostsWhatTheMetersCount) {
  Builder c;
  const Bits a = c.inputs(9), b = c.inputs(9);
  const GmwPlan plan(c.finish(relu(c, shallow_subtract(c, a, b))), 9);
  for (const ot::Source source : {ot::Source::SoftSpoken4, ot::Source::Ferret})
    for (std::size_t n = 2; n <= 4; ++n) {
      if (source == ot::Source::Ferret && n == 4) continue;  // as large as it is slow
      SCOPED_TRACE(fmt::format("{}, {} parties", ot::to_string(source), n));
      const std::size_t words = 3, more = TripleMaker::kWordsAtOnce + 5;
      std::vector<std::vector<Cost>> measured(n);
      testing::run_parties(n, [&](Party& party) {
        auto note = [&] { measured[index(party.id())].push_back(party.meter().total()); };
        PairwiseTransfers transfers(party, source);
        note();
        TripleMaker maker(party, transfers);
        maker.make(more);
        note();
        BitTriples triples = maker.make(plan.triples(words));
        note();
        Gmw gmw(party);
        gmw.open(
            gmw.evaluate(plan, words, std::vector<Word>(9 * words), std::vector<Word>(9 * words), triples));
        note();
      });
      Script script(n);
      std::size_t at = 0;
      auto check = [&] {
        const auto told = script.spent();
        for (std::size_t p = 0; p < n; ++p) {
          EXPECT_EQ(told[p].bytes, measured[p][at].payload) << "step " << at << ", party " << p;
          EXPECT_EQ(told[p].rounds, measured[p][at].rounds) << "step " << at << ", party " << p;
        }
        ++at;
      };
      ScriptedPairs pairs(script, n, source, {});
      check();
      script_triples(script, pairs, more);
      check();
      script_triples(script, pairs, plan.triples(words));
      check();
      script_evaluate(script, n, plan, words, {});
      script_open(script, n, plan.circuit().outputs.size() * words);
      check();
    }
}

}  // namespace
}  // namespace tacit::gc
