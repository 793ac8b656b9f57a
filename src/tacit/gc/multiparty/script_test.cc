// What garbling and evaluating send, as written down, is what the meters count at each party, and together
// what bmr_cost says; with the messages of real transfers.
#include "tacit/gc/multiparty/script.h"

#include <gtest/gtest.h>

#include "tacit/gc/circuit/activation.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

/// A real source that claims a delta which it does not have: what comes of it is nonsense, and costs the
/// same.
class OtherDelta final : public ot::CotSender {
 public:
  OtherDelta(std::unique_ptr<ot::CotSender> inner, Block delta) : inner_(std::move(inner)), delta_(delta) {}
  Block delta() const override { return delta_; }

 private:
  void extend(std::span<Block> keys) override { inner_->send(keys); }
  void extend_random(std::span<Block> keys) override { inner_->send_random(keys); }
  std::unique_ptr<ot::CotSender> inner_;
  Block delta_;
};

std::uint64_t bytes_of_instance(const GarbledInstance& g) {
  return (g.input_masks.size() + g.output_masks.size() + g.colours.size()) * sizeof(Word) +
         (g.delta.size() + g.zeros.size() + g.rows.size()) * sizeof(Label);
}

TEST(BmrScript, CostsWhatTheMetersCount) {
  constexpr std::size_t kBits = 12;
  Builder b;
  const Bits word = b.inputs(kBits), mask = b.inputs(kBits), next = b.inputs(kBits);
  const Circuit circuit = b.finish(masked_relu(b, word, mask, next, 4));
  for (std::size_t n = 2; n <= 4; ++n)
    for (std::size_t evaluator = 0; evaluator < n; evaluator += n - 1)
      for (const bool all_learn : {true, false}) {
        SCOPED_TRACE(fmt::format("{} parties, evaluator {}", n, evaluator));
        const PartyId e = party_id(evaluator);
        const std::size_t copies = 100;
        std::vector<InputFrom> from(3 * kBits, InputFrom::all());
        std::fill_n(from.begin(), kBits, InputFrom::everybody());
        from.back() = InputFrom::party(party_id(n - 1));
        const JointCircuit joint(
            circuit, from, std::vector<OutputTo>(kBits, all_learn ? OutputTo::all() : OutputTo::party(e)));
        std::vector<std::vector<Cost>> measured(n);
        std::vector<std::uint64_t> kept(n);
        testing::run_parties(n, [&](Party& party) {
          const std::size_t self = index(party.id());
          auto note = [&] { measured[self].push_back(party.meter().total()); };
          const Bytes session(16, std::byte{5});
          std::vector<std::unique_ptr<ot::CotSender>> senders(n);
          std::vector<std::unique_ptr<ot::CotReceiver>> receivers(n);
          std::vector<CotEnds> ends(n);
          for (std::size_t distance = 1; distance < n; ++distance)
            for (std::size_t i = 0; i < n; ++i) {
              const std::size_t to = (i + distance) % n;
              if (i == evaluator) continue;
              if (self == i) {
                auto made = ot::make_sender(ot::Source::SoftSpoken4, ot::Threat::SemiHonest,
                                            party.to(party_id(to)), session, detect_isa());
                senders[to] = std::make_unique<OtherDelta>(std::move(made), Block{self | 1, 7});
                ends[to].sender = senders[to].get();
              } else if (self == to) {
                receivers[i] = ot::make_receiver(ot::Source::SoftSpoken4, ot::Threat::SemiHonest,
                                                 party.to(party_id(i)), session, detect_isa());
                ends[i].receiver = receivers[i].get();
              }
            }
          note();
          Bmr bmr(party, e, ends);
          GarbledInstance instance = bmr.garble(joint, copies);
          kept[self] = bytes_of_instance(instance);
          note();
          evaluate(party, joint, std::move(instance), std::vector<Word>(words_for(3 * kBits * copies)));
          note();
        });

        Script script(n);
        std::size_t at = 0;
        std::uint64_t sent = 0;
        auto check = [&] {
          std::uint64_t total = 0;
          const auto told = script.spent();
          for (std::size_t p = 0; p < n; ++p) {
            EXPECT_EQ(told[p].bytes, measured[p][at].payload) << "step " << at << ", party " << p;
            EXPECT_EQ(told[p].rounds, measured[p][at].rounds) << "step " << at << ", party " << p;
            total += told[p].bytes;
          }
          ++at;
          return total - std::exchange(sent, total);
        };
        ScriptedBmr written(script, n, e, ot::Source::SoftSpoken4, {}, {});
        check();
        written.garble(script, joint, copies);
        check();
        written.evaluate(script, joint, copies);
        EXPECT_EQ(check(), bmr_cost(joint, copies, n, e).evaluate_bytes);
        for (std::size_t p = 0; p < n; ++p)
          EXPECT_EQ(kept[p], instance_bytes(joint, copies, n, e, party_id(p)));
      }
}

}  // namespace
}  // namespace tacit::gc
