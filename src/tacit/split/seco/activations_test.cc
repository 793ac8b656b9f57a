// Activations in each way: what they give, through bytes and without, what they cost, and what they refuse.
#include "tacit/split/seco/activations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tacit/base/error.h"
#include "tacit/ot/extension/softspoken.h"
#include "tacit/party/testing/session.h"
#include "tacit/split/seco/garbled_activation.h"

namespace tacit::seco {
namespace {

using testing::run_parties;

/// Two stages of nothing but their activations.
Model only(const Numbers& numbers, const Shape& input, std::vector<Activation> activations,
           const std::vector<Shape>& outs) {
  Model m;
  m.network.numbers = numbers;
  m.network.input = input;
  Shape in = input;
  for (std::size_t s = 0; s < activations.size(); ++s) {
    Stage stage;
    stage.terms = {{.kind = Term::Kind::Same, .value = s, .in = in}};
    stage.sum = in;
    stage.activation = std::move(activations[s]);
    stage.out = in = outs[s];
    m.network.stages.push_back(std::move(stage));
  }
  check(m.network);
  return m;
}

std::vector<Model> models() {
  std::vector<Model> out;
  const Numbers numbers{32, 10};
  const std::optional<Word> six = Word{6} << 10;
  out.push_back(only(numbers, {70}, {{.truncate = 10, .relu = true}, {.truncate = 3}}, {{70}, {70}}));
  out.push_back(only({40, 12}, {5}, {{.truncate = 12, .relu = true, .ceiling = six}, {.largest_place = true}},
                     {{5}, {1}}));
  // The largest of each three, and then a bound that is no ReLU's.
  std::vector<std::size_t> windows(3 * 43);
  for (std::size_t i = 0; i < windows.size(); ++i) windows[i] = i * 7 % 129;
  out.push_back(only(numbers, {129},
                     {{.truncate = 1, .windows = windows, .positions = 3}, {.relu = false, .ceiling = six}},
                     {{43}, {43}}));
  return out;
}
/// So many copies that they are garbled in more than one instance.
Model large() { return only({16, 6}, {9000}, {{.truncate = 6, .relu = true}, {}}, {{9000}, {9000}}); }

std::vector<Word> random_words(std::mt19937_64& rng, std::size_t n, Word mask) {
  std::vector<Word> out(n);
  for (Word& w : out) w = rng() & mask;
  return out;
}

/// One query's numbers, and every server's shares of the masks' bits.
struct Query {
  ClearRun truth;
  std::vector<std::vector<Word>> opened, next;         ///< Y, a stage; r, or planes of the answer's
  std::vector<std::vector<std::vector<Word>>> shares;  ///< a server and stage

  Query(const Model& model, std::size_t servers, std::uint64_t seed) : shares(servers) {
    std::mt19937_64 rng(seed);
    const Network& net = model.network;
    std::vector<Word> x = random_words(rng, elements(net.input), net.numbers.mask());
    for (std::size_t i = 0; i < x.size(); i += 2) x[i] = net.numbers.reduce(net.numbers.signed_of(x[i]) >> 9);
    Workers workers(1);
    truth = clear_run(Compute{ring_kernels(detect_isa()), workers}, model, x);
    for (std::size_t s = 0; s < net.stages.size(); ++s) {
      const CircuitPorts ports(net, s);
      const std::vector<Word> p = random_words(rng, truth.sums[s].size(), net.numbers.mask());
      opened.push_back(truth.sums[s]);
      for (std::size_t i = 0; i < p.size(); ++i) opened[s][i] = (opened[s][i] + p[i]) & net.numbers.mask();
      const std::vector<Word> all = gathered(ports.activation, p);
      std::vector<Word> planes;
      for (std::size_t k = 0; k < ports.positions; ++k) {
        const auto of_one =
            to_planes(std::span(all).subspan(k * ports.copies, ports.copies), net.numbers.bits);
        planes.insert(planes.end(), of_one.begin(), of_one.end());
      }
      next.push_back(random_words(rng, ports.copies, (Word{1} << ports.out_bits) - 1));
      const std::vector<Word> masks = to_planes(next.back(), ports.out_bits);
      planes.insert(planes.end(), masks.begin(), masks.end());
      for (std::size_t k = 1; k < servers; ++k) {
        shares[k].push_back(random_words(rng, planes.size(), ~Word{0}));
        for (std::size_t i = 0; i < planes.size(); ++i) planes[i] ^= shares[k][s][i];
      }
      shares[0].push_back(std::move(planes));
    }
  }
  std::vector<gc::WipedWords> masks(PartyId server) const {
    std::vector<gc::WipedWords> out;
    for (const auto& words : shares[index(server)]) {
      out.emplace_back(words.size());
      std::copy(words.begin(), words.end(), out.back().data());
    }
    return out;
  }
  void expect(const Network& net, std::size_t s, const std::vector<Word>& got) const {
    const CircuitPorts ports(net, s);
    std::vector<Word> numbers = ports.last ? from_planes(got, ports.out_bits, ports.copies) : got;
    ASSERT_EQ(numbers.size(), next[s].size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = ports.last ? numbers[i] ^ next[s][i] : (numbers[i] + next[s][i]) & net.numbers.mask();
    EXPECT_EQ(numbers, truth.values[s]) << "stage " << s;
  }
};

TEST(Activations, GiveWhatTheModelGivesInTheClear) {
  std::vector<Model> all = models();
  all.push_back(large());
  for (std::size_t servers = 2; servers <= 4; ++servers)
    for (std::size_t m = 0; m < all.size(); ++m)
      for (const ActivationBy by : all_activations()) {
        if (&all[m] == &all.back() && servers > 2) continue;
        SCOPED_TRACE(fmt::format("{} servers, model {}, {}", servers, m, to_string(by)));
        const Network& net = all[m].network;
        const Query query(all[m], servers, 10 * servers + m);
        const auto activations = make_activations(by, net, servers);
        run_parties(servers, [&](Party& party) {
          gc::PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
          const auto maker = activations->maker(party, transfers);
          auto prepared = maker->make(query.masks(party.id()));
          ASSERT_EQ(prepared.size(), net.stages.size());
          for (std::size_t s = 0; s < prepared.size(); ++s) {
            query.expect(net, s, std::move(*prepared[s]).evaluate(party, query.opened[s]));
            EXPECT_THROW(std::move(*prepared[s]).evaluate(party, query.opened[s]), UsageError);
          }
        });
      }
}

TEST(Activations, ComeBackFromBytesAndRefuseOthers) {
  const Model model = models()[0];
  const Query query(model, 3, 1);
  for (const ActivationBy by : all_activations()) {
    SCOPED_TRACE(to_string(by));
    const auto activations = make_activations(by, model.network, 3);
    const auto others = make_activations(by, models()[2].network, 3),
               four = make_activations(by, model.network, 4);
    const auto other_way = make_activations(
        by == ActivationBy::Gmw ? ActivationBy::Garbled : ActivationBy::Gmw, model.network, 3);
    run_parties(3, [&](Party& party) {
      const PartyId self = party.id();
      gc::PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
      auto prepared = activations->maker(party, transfers)->make(query.masks(self));
      for (std::size_t s = 0; s < prepared.size(); ++s) {
        const SecretBytes saved = prepared[s]->save();
        ASSERT_EQ(saved.size(), activations->saved_size(s, self));
        prepared[s].reset();
        EXPECT_THROW(activations->load(1 - s, self, saved.bytes()), UsageError);
        EXPECT_THROW(others->load(s, self, saved.bytes()), UsageError);
        EXPECT_THROW(other_way->load(s, self, saved.bytes()), UsageError);
        for (const std::size_t size : {std::size_t{0}, std::size_t{7}, saved.size() / 2, saved.size() - 1})
          EXPECT_THROW(activations->load(s, self, saved.bytes().first(size)), UsageError) << size;
        Bytes damaged(saved.bytes().begin(), saved.bytes().end());
        // The name; and of an instance its name, whose it is, and of what.
        std::vector<std::size_t> places{0, 3, 7};
        if (by == ActivationBy::Garbled) {
          for (std::size_t word : {1, 5, 6, 7, 8, 9, 10, 11}) places.push_back(8 * word);
          EXPECT_THROW(activations->load(s, party.next(), saved.bytes()), UsageError);
          EXPECT_THROW(four->load(s, self, saved.bytes()), UsageError);
        }
        for (const std::size_t place : places) {
          damaged[place] ^= std::byte{4};
          EXPECT_THROW(activations->load(s, self, damaged), UsageError) << place;
          damaged[place] ^= std::byte{4};
        }
        const auto back = activations->load(s, self, damaged);
        query.expect(model.network, s, std::move(*back).evaluate(party, query.opened[s]));
      }
    });
  }
}

/// Brings all clocks together, so that rounds can be counted from here.
void synchronize(Party& party) {
  for (int round = 0; round < 2; ++round) party.tell_all("test.clock", Bytes(1));
}

/// What all parties' meters say, in a phase.
class Phase {
 public:
  explicit Phase(std::size_t parties) : before_(parties), after_(parties) {}
  template <class Body>
  void run(Party& party, Body body) {
    synchronize(party);
    before_[index(party.id())] = party.meter().total();
    body();
    after_[index(party.id())] = party.meter().total();
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < after_.size(); ++i) sum += after_[i].payload - before_[i].payload;
    return sum;
  }
  std::uint64_t rounds() const {
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < after_.size(); ++i)
      most = std::max(most, after_[i].rounds - before_[i].rounds);
    return most;
  }

 private:
  std::vector<Cost> before_, after_;
};

TEST(Activations, GarbledOnesCostWhatIsDeclared) {
  for (const auto& [model, servers] : {std::pair{models()[0], std::size_t{2}},
                                       {models()[2], std::size_t{3}},
                                       {models()[0], std::size_t{4}},
                                       {large(), std::size_t{3}}}) {
    const Network& net = model.network;
    const Query query(model, servers, 3);
    const auto activations = make_activations(ActivationBy::Garbled, net, servers);
    Phase ahead(servers);
    std::vector<Phase> online(net.stages.size(), Phase(servers));
    run_parties(servers, [&](Party& party) {
      gc::PairwiseTransfers transfers(party, ot::Source::SoftSpoken4);
      const auto maker = activations->maker(party, transfers);
      std::vector<std::unique_ptr<PreparedActivation>> prepared;
      ahead.run(party, [&] { prepared = maker->make(query.masks(party.id())); });
      for (std::size_t s = 0; s < prepared.size(); ++s)
        online[s].run(party, [&] { std::move(*prepared[s]).evaluate(party, query.opened[s]); });
    });
    const auto softspoken = [](std::size_t n) {
      return ot::softspoken_transfers(ot::Groups{4}, ot::Threat::SemiHonest, n).bytes;
    };
    const std::uint64_t pairs = (servers - 1) * (servers - 1);  // from each garbler to each other server
    std::uint64_t ahead_bytes = 0;
    for (std::size_t s = 0; s < net.stages.size(); ++s) {
      const gc::JointCircuit circuit = joint_activation(net, s);
      std::uint64_t online_bytes = 0;
      for (const std::size_t copies : instance_copies(circuit, circuit_shape(net.stages[s]).copies)) {
        const gc::BmrCost cost = gc::bmr_cost(circuit, copies, servers, kEvaluator);
        const std::size_t ands = circuit.plan.ands.size() * copies,
                          masked = circuit.masked_inputs(kEvaluator) * copies;
        EXPECT_EQ(cost.transfers, pairs * (masked + 2 * ands));
        ahead_bytes += cost.garble_bytes + pairs * (softspoken(masked + ands) + softspoken(ands));
        online_bytes += cost.evaluate_bytes;
        EXPECT_EQ(cost.evaluate_rounds, 2u);
      }
      EXPECT_EQ(online[s].bytes(), online_bytes);
      EXPECT_EQ(online[s].rounds(), 2u);
    }
    EXPECT_EQ(ahead.bytes(), ahead_bytes);
    // Two batches of transfers, products between them, rows after them; all instances of a stage at once.
    EXPECT_LE(ahead.rounds(), 4 * net.stages.size());
  }
}

TEST(Activations, LargeStagesAreGarbledInSeveralInstances) {
  const Network net = large().network;
  const gc::JointCircuit circuit = joint_activation(net, 0);
  const auto copies = instance_copies(circuit, 9000);
  EXPECT_GT(copies.size(), 1u);
  std::size_t sum = 0;
  for (const std::size_t c : copies) {
    EXPECT_LE(c * circuit.plan.ands.size(), std::size_t{1} << 18);
    sum += c;
  }
  EXPECT_EQ(sum, 9000u);
  EXPECT_EQ(instance_copies(circuit, 5), std::vector<std::size_t>{5});
}

TEST(Activations, CircuitsHaveFewestOfWhatIsAskedFor) {
  for (const Model& model : models())
    for (std::size_t s = 0; s < 2; ++s) {
      const Stage& stage = model.network.stages[s];
      const gc::Circuit shallow = activation_circuit(model.network.numbers, stage, s == 1, Fewest::Rounds),
                        small = activation_circuit(model.network.numbers, stage, s == 1, Fewest::Gates);
      EXPECT_LE(shallow.depth(), small.depth());
      EXPECT_LE(small.ands(), shallow.ands());
    }
  const Model relu = models()[0];
  // 31 to take the mask off, 21 for the sign of what is left of 32 bits, 31 for the next mask.
  EXPECT_EQ(joint_activation(relu.network, 0).plan.ands.size(), 83u);
}

}  // namespace
}  // namespace tacit::seco
