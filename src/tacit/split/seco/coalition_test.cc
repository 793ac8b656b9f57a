// All servers but one put together what they hold and saw, and try to read what is between the layers. They
// must fail; and they must succeed where the one that is left draws no masks, or the check would prove
// nothing.
#include <gtest/gtest.h>

#include <cmath>

#include "tacit/gc/garble/half_gates.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/gc/testing/ideal_cot.h"
#include "tacit/gc/testing/random_circuit.h"
#include "tacit/party/testing/session.h"
#include "tacit/split/seco/garbled_activation.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/query.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::seco {
namespace {

constexpr std::size_t kServers = 3;

/// Keeps what it drew. A weak one draws zeros.
class WatchedPreparation final : public Preparation {
 public:
  template <class... Arguments>
  WatchedPreparation(bool weak, Arguments&&... arguments)
      : Preparation(std::forward<Arguments>(arguments)...), weak_(weak) {}
  /// In the order in which they are drawn: of each stage its sum's, and its value's but for the last.
  std::vector<std::vector<Word>> drawn;

 protected:
  std::vector<Word> draw_masks(std::size_t n) override {
    drawn.push_back(weak_ ? std::vector<Word>(n, 0) : Preparation::draw_masks(n));
    return drawn.back();
  }

 private:
  bool weak_;
};

struct Session {
  std::vector<std::vector<std::vector<Word>>> drawn{kServers};  ///< a server
  std::vector<std::vector<Word>> input_masks{kServers};
  Seen seen;
  std::vector<Word> masked_input;
};

Session run(const Model& model, std::span<const Word> masked_input, ActivationBy by,
            std::optional<std::size_t> weak) {
  const auto parts = cut(model, "m", {"a", "b", "c"}, place_layers(model.network, kServers, 0, false));
  Session session;
  session.masked_input.assign(masked_input.begin(), masked_input.end());
  std::vector<Seen> seen(kServers);
  tacit::testing::run_parties(kServers, [&](Party& party) {
    const std::size_t self = index(party.id());
    const Part& part = parts[self];
    const Circuits circuits(part.network, kServers, by);
    gc::PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
    WatchedPreparation preparation(weak == self, party, part.network, part.holders, part.weights, circuits,
                                   transfers);
    Correlation c = preparation.next();
    session.drawn[self] = preparation.drawn;
    session.input_masks[self] = input_mask(face_of(part.network), c.input_seed.bytes());
    answer(party, part.network, part.holders, part.weights, std::move(c), masked_input, &seen[self]);
  });
  for (const Seen& s : seen) {
    EXPECT_EQ(s.sums, seen[0].sums);
    EXPECT_EQ(s.values, seen[0].values);
  }
  session.seen = seen[0];
  return session;
}

struct Guesses {
  std::size_t numbers = 0, right = 0, right_bits = 0;
  void add(Word guess, Word truth) {
    ++numbers;
    right += guess == truth;
    right_bits += (guess & 1) == (truth & 1);
  }
};

/// What all but `honest` make of everything that was opened: they add their summands of masks, or take them
/// off.
Guesses decode(const Model& model, const Session& s, std::size_t honest) {
  const Numbers& numbers = model.network.numbers;
  // The input that was in fact asked about: the masked one and all servers' masks.
  std::vector<Word> x = s.masked_input;
  for (const auto& mask : s.input_masks)
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (x[i] + mask[i]) & numbers.mask();
  Workers workers(1);
  const ClearRun truth = clear_run(Compute{ring_kernels(detect_isa()), workers}, model, x);
  Guesses out;
  auto guess = [&](const std::vector<Word>& opened, std::size_t draw, Word sign,
                   const std::vector<Word>& real) {
    for (std::size_t i = 0; i < opened.size(); ++i) {
      Word sum = opened[i];
      for (std::size_t k = 0; k < kServers; ++k)
        if (k != honest) sum += sign * s.drawn[k][draw][i];
      out.add(sum & numbers.mask(), real[i]);
    }
  };
  std::size_t draw = 0;
  for (std::size_t stage = 0; stage < model.network.stages.size(); ++stage) {
    guess(s.seen.sums[stage], draw++, ~Word{0}, truth.sums[stage]);
    if (stage + 1 < model.network.stages.size()) guess(s.seen.values[stage], draw++, 1, truth.values[stage]);
  }
  return out;
}

TEST(Coalition, OfAllServersButOneReadsNothing) {
  for (const auto& [which, by] : {std::pair{2, ActivationBy::Gmw},
                                  {6, ActivationBy::Gmw},
                                  {2, ActivationBy::Garbled},
                                  {6, ActivationBy::Garbled}}) {
    SCOPED_TRACE(to_string(by));
    const Model model = split_model(testing::split_models()[static_cast<std::size_t>(which)].graph, {32, 10});
    const std::vector<Word> masked(elements(model.network.input), 3);
    const Session session = run(model, masked, by, std::nullopt);
    for (std::size_t honest = 0; honest < kServers; ++honest) {
      const Guesses g = decode(model, session, honest);
      EXPECT_GT(g.numbers, 100u);
      EXPECT_EQ(g.right, 0u) << "without server " << honest;
      const double half = static_cast<double>(g.numbers) / 2;
      EXPECT_LT(std::fabs(static_cast<double>(g.right_bits) - half), 6 * std::sqrt(half / 2))
          << "without server " << honest;
    }
  }
}

TEST(Coalition, WouldReadEverythingOfAServerThatDrawsNoMasks) {
  const Model model = split_model(testing::split_models()[2].graph, {32, 10});
  const std::vector<Word> masked(elements(model.network.input), 3);
  for (const ActivationBy by : all_activations())
    for (std::size_t weak = 0; weak < kServers; ++weak) {
      const Session session = run(model, masked, by, weak);
      const Guesses g = decode(model, session, weak);
      EXPECT_EQ(g.right, g.numbers);
      // And still nothing of the others.
      EXPECT_EQ(decode(model, session, (weak + 1) % kServers).right, 0u);
    }
}

// The circuit phase alone: a ReLU's circuit, of which every And gate is looked at.
struct OpenCircuit {
  static constexpr std::size_t kCopies = 200;
  gc::Circuit circuit;
  std::size_t publics = 32, bits;
  std::vector<Word> inputs, truth;

  explicit OpenCircuit(std::mt19937_64& rng) {
    Stage stage;
    stage.sum = stage.out = {1};
    stage.activation = {.truncate = 10, .relu = true};
    circuit = activation_circuit({32, 10}, stage, false, Fewest::Gates);
    circuit.outputs.clear();
    for (const gc::Gate& g : circuit.gates)
      if (g.kind == gc::Gate::Kind::And) circuit.outputs.push_back(g.out);
    bits = circuit.outputs.size() * kCopies;
    inputs = gc::testing::random_bits(rng, circuit.inputs * kCopies);
    truth = gc::testing::evaluate_copies(circuit, kCopies, inputs);
  }
  /// How many of the gates' values come out when all that is known of them is added up.
  double decoded(const std::vector<std::vector<Word>>& known) const {
    std::vector<Word> sum = truth;
    for (const auto& k : known) gc::xor_bits(k.data(), 0, sum.data(), 0, bits);
    std::size_t right = 0;
    for (std::size_t i = 0; i < bits; ++i) right += gc::bits_at(sum.data(), i, 1) == 0;
    return static_cast<double>(right) / static_cast<double>(bits);
  }
};

TEST(Coalition, ReadsEveryGateThatOneServerGarblesAlone) {
  // As the paper has it: one remote garbles, the other evaluates.
  std::mt19937_64 rng(1);
  const OpenCircuit open(rng);
  const gc::Plan plan(open.circuit);
  const auto prg = std::make_shared<const Prg>(Bytes(Prg::kKeySize), detect_isa());
  const gc::Label delta = gc::random_delta(Stream(prg, 0));
  const gc::Labels zeros = gc::random_labels(Stream(prg, 1), open.circuit.inputs * open.kCopies);
  gc::Labels active = zeros;
  for (std::size_t i = 0; i < active.size(); ++i)
    active[i] = active[i] ^ (delta & gc::bits_at(open.inputs.data(), i, 1));
  const gc::HalfGates gates(gc::Label{1, 1});
  gc::Tables tables;
  std::vector<Word> garbler(gc::words_for(open.bits)), evaluator = garbler;
  gc::put_colours(gates.garble(plan, open.kCopies, delta, 0, zeros, tables), garbler.data(), 0);
  gc::put_colours(gates.evaluate(plan, open.kCopies, 0, active, tables), evaluator.data(), 0);
  EXPECT_EQ(open.decoded({garbler, evaluator}), 1.0);
}

TEST(Coalition, ReadsNoGateThatAllServersGarble) {
  for (std::size_t n : {2, 3, 4}) {
    std::mt19937_64 rng(n);
    const OpenCircuit open(rng);
    std::vector<gc::InputFrom> from(open.circuit.inputs, gc::InputFrom::ahead());
    std::fill_n(from.begin(), open.publics, gc::InputFrom::everybody());
    const gc::JointCircuit joint(
        open.circuit, from, std::vector<gc::OutputTo>(open.circuit.outputs.size(), gc::OutputTo::nobody()));
    std::vector<std::vector<Word>> inputs, shares(n);
    std::vector<Word> rest = open.inputs;
    const std::size_t publics = open.publics * open.kCopies, all = open.circuit.inputs * open.kCopies;
    for (std::size_t k = 1; k < n; ++k) {
      inputs.push_back(gc::testing::random_bits(rng, all));
      gc::copy_bits(open.inputs.data(), 0, inputs.back().data(), 0, publics);
      gc::xor_bits(inputs.back().data(), publics, rest.data(), publics, all - publics);
    }
    inputs.push_back(rest);
    gc::testing::CotDealer dealer(n, n);
    tacit::testing::run_parties(n, [&](Party& p) {
      const std::size_t self = index(p.id());
      gc::Bmr bmr(p, kEvaluator, dealer.ends(p.id()));
      shares[self] = gc::evaluate(p, joint, bmr.garble(joint, open.kCopies, inputs[self]), inputs[self]);
    });
    ASSERT_EQ(open.decoded(shares), 1.0) << "all together";
    for (std::size_t honest = 0; honest < n; ++honest) {
      std::vector<std::vector<Word>> known = shares;
      known.erase(known.begin() + static_cast<std::ptrdiff_t>(honest));
      EXPECT_NEAR(open.decoded(known), 0.5, 3 / std::sqrt(static_cast<double>(open.bits)))
          << "without server " << honest;
    }
  }
}

}  // namespace
}  // namespace tacit::seco
