// What garbling and evaluating send, as written down, is what the meters count at each party, and together
// what bmr_cost says; with the messages of real transfers.
#include "tacit/gc/multiparty/script.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tacit/gc/circuit/activation.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

constexpr std::size_t kBits = 12;
/// Copies of the instances that are evaluated at once.
constexpr std::size_t kCopies[] = {100, 128, 5};

/// A ReLU whose inputs are public, shared, one party's, and known ahead.
JointCircuit joint_circuit(PartyId owner, OutputTo to) {
  Builder b;
  const Bits word = b.inputs(kBits), mask = b.inputs(kBits), next = b.inputs(kBits);
  const Circuit circuit = b.finish(masked_relu(b, word, mask, next, 4));
  std::vector<InputFrom> from(3 * kBits, InputFrom::all());
  std::fill_n(from.begin(), kBits, InputFrom::everybody());
  std::fill_n(from.begin() + 2 * kBits, kBits - 1, InputFrom::ahead());
  from.back() = InputFrom::party(owner);
  return {circuit, from, std::vector<OutputTo>(kBits, to)};
}

/// Costs after set-up, after garbling and after evaluating, of each party.
std::vector<std::vector<Cost>> measured(const JointCircuit& joint, std::size_t parties, PartyId evaluator,
                                        ot::Source source) {
  std::vector<std::vector<Cost>> out(parties);
  testing::run_parties(parties, [&](Party& party) {
    auto note = [&] { out[index(party.id())].push_back(party.meter().total()); };
    const Label delta = random_delta(party.coins().mine());
    PairwiseTransfers transfers(party, source, &delta, evaluator);
    note();
    std::vector<CotEnds> ends(parties);
    for (std::size_t p = 0; p < parties; ++p)
      if (party_id(p) != party.id())
        ends[p] = {transfers.with(p).sender_source.get(), transfers.with(p).receiver_source.get()};
    Bmr bmr(party, evaluator, ends);
    std::vector<GarbledInstance> instances;
    std::vector<std::vector<Word>> inputs;
    for (const std::size_t copies : kCopies) {
      inputs.emplace_back(words_for(3 * kBits * copies));
      instances.push_back(bmr.garble(joint, copies, inputs.back()));
    }
    note();
    evaluate(party, joint, std::move(instances), inputs);
    note();
  });
  return out;
}

void compare(std::size_t n, PartyId evaluator, OutputTo to, ot::Source source) {
  const JointCircuit joint = joint_circuit(party_id(n - 1), to);
  const auto real = measured(joint, n, evaluator, source);
  Script script(n);
  std::size_t at = 0;
  std::uint64_t sent = 0;
  auto check = [&] {
    std::uint64_t total = 0;
    const auto told = script.spent();
    for (std::size_t p = 0; p < n; ++p) {
      EXPECT_EQ(told[p].bytes, real[p][at].payload) << "step " << at << ", party " << p;
      EXPECT_EQ(told[p].rounds, real[p][at].rounds) << "step " << at << ", party " << p;
      total += told[p].bytes;
    }
    ++at;
    return total - std::exchange(sent, total);
  };
  ScriptedBmr written(script, n, evaluator, source, {}, {});
  check();
  for (const std::size_t copies : kCopies) written.garble(script, joint, copies);
  check();
  written.evaluate(script, joint, kCopies);
  const std::uint64_t declared = std::accumulate(
      std::begin(kCopies), std::end(kCopies), std::uint64_t{0},
      [&](auto sum, auto copies) { return sum + bmr_cost(joint, copies, n, evaluator).evaluate_bytes; });
  EXPECT_EQ(check(), declared);
}

TEST(BmrScript, CostsWhatTheMetersCount) {
  for (std::size_t n = 2; n <= 4; ++n)
    for (std::size_t evaluator = 0; evaluator < n; evaluator += n - 1)
      for (const bool all_learn : {true, false}) {
        SCOPED_TRACE(fmt::format("{} parties, evaluator {}", n, evaluator));
        const PartyId e = party_id(evaluator);
        compare(n, e, all_learn ? OutputTo::all() : OutputTo::party(e), ot::Source::SoftSpoken4);
      }
}

TEST(BmrScript, CostsTheSameWithOtherTransfers) {
  for (const ot::Source source : {ot::Source::SoftSpoken6, ot::Source::FerretReduced}) {
    SCOPED_TRACE(ot::to_string(source));
    compare(3, party_id(0), OutputTo::all(), source);
  }
}

}  // namespace
}  // namespace tacit::gc
