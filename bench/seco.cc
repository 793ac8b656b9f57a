// Split inference: a gateway and two remotes as processes over TLS, all layers at the remotes. Networks with
// average pooling and random weights, which cost what trained ones do.
#include <nlohmann/json.hpp>

#include "parties.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/query.h"

namespace tacit::bench {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using nn::ValueId;

class NetworkBuilder {
 public:
  explicit NetworkBuilder(const Shape& input) : last(g.add_input("x", input)) {}
  ValueId op(const nn::Op& op, std::vector<ValueId> in, nn::Attrs attrs = {}) {
    return last = g.add_node(op, fmt::format("node{}", g.nodes.size()), std::move(in), std::move(attrs));
  }
  ValueId weights(const Shape& shape) {
    std::vector<Word> random(elements(shape));
    Prg(Bytes(Prg::kKeySize), detect_isa()).fill(g.values.size(), 0, random);
    PublicTensor t{shape, {}};
    for (const Word w : random) t.values.push_back(0.2 * static_cast<double>(w >> 11) * 0x1p-53 - 0.1);
    return g.add_parameter(fmt::format("w{}", g.values.size()), std::move(t));
  }
  ValueId conv(std::size_t outputs, std::size_t kernel, std::int64_t pad, std::int64_t stride = 1) {
    const ValueId w = weights({outputs, g.values[last].shape[1], kernel, kernel}), b = weights({outputs});
    return op(nn::kConv, {last, w, b},
              {{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
               {"strides", std::vector<std::int64_t>{stride, stride}}});
  }
  ValueId dense(std::size_t outputs) {
    if (g.values[last].shape.size() > 2) op(nn::kFlatten, {last});
    const ValueId w = weights({outputs, g.values[last].shape[1]}), b = weights({outputs});
    return op(nn::kGemm, {last, w, b}, {{"transB", std::int64_t{1}}});
  }
  ValueId relu() { return op(nn::kRelu, {last}); }
  ValueId average() {
    return op(
        nn::kAveragePool, {last},
        {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}});
  }
  nn::Graph done() {
    g.outputs = {last};
    return std::move(g);
  }

  nn::Graph g;
  ValueId last;
};

nn::Graph two_convolutions(std::size_t first, std::size_t second, std::size_t hidden) {
  NetworkBuilder b({1, 1, 28, 28});
  b.conv(first, 5, 0), b.relu(), b.average(), b.conv(second, 5, 0), b.relu(), b.average(), b.dense(hidden),
      b.relu(), b.dense(10);
  return b.done();
}

/// For 32x32 images (He et al., 2016, section 4.2), with convolutions of 1 where the shape changes.
nn::Graph resnet32() {
  NetworkBuilder b({1, 3, 32, 32});
  b.conv(16, 3, 1), b.relu();
  for (const std::size_t channels : {std::size_t{16}, std::size_t{32}, std::size_t{64}})
    for (int block = 0; block < 5; ++block) {
      const ValueId in = b.last;
      const bool changes = block == 0 && channels > 16;
      b.conv(channels, 3, 1, changes ? 2 : 1), b.relu();
      const ValueId long_way = b.conv(channels, 3, 1);
      b.last = in;
      b.op(nn::kAdd, {long_way, changes ? b.conv(channels, 1, 0, 2) : in}), b.relu();
    }
  b.op(nn::kGlobalAveragePool, {b.last}), b.dense(10);
  return b.done();
}

struct Spent {
  double seconds;
  Cost cost;
};
template <class Body>
Spent spent(Party& party, Body body) {
  synchronize(party);
  const Cost before = party.meter().total();
  const auto start = Clock::now();
  body();
  Spent out{std::chrono::duration<double>(Clock::now() - start).count(), party.meter().total()};
  out.cost.payload -= before.payload;
  out.cost.rounds -= before.rounds;
  return out;
}

void seco_network(Context& c, const std::string& name, const nn::Graph& graph, std::size_t queries,
                  ot::Source source = ot::Source::SoftSpoken4,
                  seco::ActivationBy by = seco::ActivationBy::Gmw) {
  const seco::Model model = seco::split_model(graph, {.bits = 32, .fraction = 10});
  const auto parts = seco::cut(model, name, {"gateway", "remote-b", "remote-c"},
                               seco::place_layers(model.network, 3, 0, false));
  const seco::Face face = seco::face_of(model.network);
  const auto all = on_parties(c, 3, 1, [&](Party& party) -> json {
    const seco::Part& part = parts[index(party.id())];
    const seco::Circuits circuits(part.network, party.count(), by);
    std::optional<gc::PairwiseTransfers> transfers;
    std::optional<seco::Preparation> preparation;
    const Spent setup = spent(party, [&] {
      transfers.emplace(party, source);
      preparation.emplace(party, part.network, part.holders, part.weights, circuits, *transfers);
    });
    std::vector<double> ahead, online;
    Cost ahead_cost, online_cost;
    for (std::size_t q = 0; q < queries; ++q) {
      std::optional<seco::Correlation> correlation;
      const Spent a = spent(party, [&] { correlation.emplace(preparation->next()); });
      ahead.push_back(a.seconds), ahead_cost = a.cost;
      const std::vector<Word> masked(elements(face.input), 1);
      const Spent o = spent(party, [&] {
        seco::answer(party, part.network, part.holders, part.weights, std::move(*correlation), masked);
      });
      online.push_back(o.seconds), online_cost = o.cost;
    }
    return {{"setup", setup.seconds},
            {"ahead", median(ahead)},
            {"ahead_bytes", ahead_cost.payload},
            {"online", median(online)},
            {"online_bytes", online_cost.payload},
            {"online_rounds", online_cost.rounds}};
  });
  auto total = [&](const char* key) {
    double sum = 0;
    for (const json& j : all) sum += j.at(key).get<double>();
    return sum;
  };
  auto longest = [&](const char* key) {
    double most = 0;
    for (const json& j : all) most = std::max(most, j.at(key).get<double>());
    return most;
  };
  const std::string prefix = "seco." + name;
  c.add(prefix + ".setup_seconds", longest("setup"), "s, once");
  c.add(prefix + ".preprocessing_seconds", longest("ahead"), "s a query, ahead");
  c.add(prefix + ".preprocessing_bytes", total("ahead_bytes"), "bytes a query over all links, ahead");
  c.add(prefix + ".online_seconds", longest("online"), "s a query");
  c.add(prefix + ".online_bytes", total("online_bytes"), "bytes a query over all links");
  c.add(prefix + ".online_rounds", longest("online_rounds"), "rounds a query");

  // The user's own work and traffic, whatever lies behind the gateway.
  const SecretBytes seed = os_entropy(Prg::kKeySize);
  const std::vector<ByteView> seeds(3, seed.bytes());
  const std::vector<Word> x(elements(face.input), 5),
      answer(face.answer_bits * seco::plane_words(face.answers));
  const Timing user = measure(101, [&] {
    const seco::Question question(face, seeds, seeds);
    question.masked(x);
    question.unmasked(answer);
  });
  c.add(prefix + ".user.online_seconds", user.median, "s of the user's work a query");
  c.add(prefix + ".user.online_bytes",
        static_cast<double>(3 * (8 + 2 * Prg::kKeySize) + x.size() * face.numbers.bytes() +
                            answer.size() * sizeof(Word)),
        "bytes that the user sends and receives a query");
}

/// What one ReLU costs.
void relu(Context& c) {
  const seco::Numbers numbers{.bits = 32, .fraction = 10};
  seco::Stage stage;
  stage.sum = stage.out = {1};
  stage.activation.truncate = 10;
  stage.activation.relu = true;
  const gc::GmwPlan plan(seco::activation_circuit(numbers, stage, false), numbers.bits);
  const gc::GmwPlan sum(seco::sum_circuit(numbers, 3));
  c.add("seco.relu.ands", static_cast<double>(plan.ands()), "And gates online");
  c.add("seco.relu.rounds", static_cast<double>(plan.rounds() + 2), "rounds online, both openings included");
  c.add("seco.relu.garbled_ands",
        static_cast<double>(seco::activation_circuit(numbers, stage, false, seco::Fewest::Gates).ands()),
        "And gates where they are garbled, ahead");
  c.add("seco.relu.mask_ands", static_cast<double>(2 * sum.ands()),
        "And gates ahead, for the bits of two masks");
}
void minionn(Context& c) { seco_network(c, "minionn", two_convolutions(16, 16, 100), 7); }
void lenet(Context& c) { seco_network(c, "lenet", two_convolutions(20, 50, 500), 5); }
void minionn_garbled(Context& c) {
  seco_network(c, "minionn.garbled", two_convolutions(16, 16, 100), 5, ot::Source::SoftSpoken4,
               seco::ActivationBy::Garbled);
}
void lenet_garbled(Context& c) {
  seco_network(c, "lenet.garbled", two_convolutions(20, 50, 500), 3, ot::Source::SoftSpoken4,
               seco::ActivationBy::Garbled);
}
void deep(Context& c) { seco_network(c, "resnet32", resnet32(), 1, ot::Source::SoftSpoken6); }
void deep_silent(Context& c) { seco_network(c, "resnet32.silent", resnet32(), 1, ot::Source::Ferret); }
void deep_garbled(Context& c) {
  seco_network(c, "resnet32.garbled", resnet32(), 1, ot::Source::SoftSpoken6, seco::ActivationBy::Garbled);
}

}  // namespace

std::vector<Benchmark> seco_benchmarks() {
  return {{"seco.relu", "And gates and rounds of one activation", relu},
          {"seco.minionn", "split inference of MiniONN's network, two remotes", minionn},
          {"seco.lenet", "split inference of LeNet, two remotes", lenet},
          {"seco.minionn.garbled", "MiniONN's network with garbled activations", minionn_garbled},
          {"seco.lenet.garbled", "LeNet with garbled activations", lenet_garbled},
          {"seco.resnet32", "split inference of ResNet-32 on 32x32 images, two remotes", deep},
          {"seco.resnet32.silent", "the same with silent oblivious transfer", deep_silent},
          {"seco.resnet32.garbled", "the same with garbled activations", deep_garbled}};
}

}  // namespace tacit::bench
