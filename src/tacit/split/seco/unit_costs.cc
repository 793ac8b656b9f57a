#include "tacit/split/seco/unit_costs.h"

#include <time.h>

#include <algorithm>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/he/bfv/rerandomise.h"
#include "tacit/net/transports/memory.h"
#include "tacit/party/handshake.h"
#include "tacit/split/seco/garbled_activation.h"
#include "tacit/split/seco/gmw_activation.h"
#include "tacit/split/seco/query.h"

namespace tacit::seco {

namespace {

constexpr std::size_t kTripleWords = 4096, kRepeats = 6;
constexpr std::size_t kReluWords = 16, kGarbledCopies = 256;

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}
template <class Body>
double seconds_of(Body body) {
  const double start = thread_seconds();
  body();
  return thread_seconds() - start;
}
/// The median, after one that warms caches.
template <class Body>
double typical(Body body) {
  body();
  std::vector<double> all;
  for (std::size_t i = 0; i < kRepeats; ++i) all.push_back(seconds_of(body));
  std::nth_element(all.begin(), all.begin() + kRepeats / 2, all.end());
  return all[kRepeats / 2];
}

/// Transfers that take no time and give nothing, so that garbling is measured alone.
class NoSender final : public ot::CotSender {
 public:
  Block delta() const override { return {1, 1}; }

 private:
  void extend(std::span<Block>) override {}
  void extend_random(std::span<Block>) override {}
};
class NoReceiver final : public ot::CotReceiver {
  void extend(std::span<const Word>, std::span<Block>) override {}
  void extend_random(std::span<Word>, std::span<Block>) override {}
};

/// Stages of ReLUs of 32 bits: most of what circuits are made of. The first is measured, which is not the
/// last.
Network relu_network() {
  const Stage stage{.name = {},
                    .terms = {},
                    .bias = {},
                    .sum = {64 * kReluWords},
                    .activation = {.truncate = 10, .relu = true},
                    .out = {64 * kReluWords}};
  return {.numbers = {}, .input = stage.out, .stages = {stage, stage}, .weights = {}};
}

/// Of a transfer, two parties do half each, in both directions.
void measure_transfers(Party& party, ot::Source source, UnitCosts& out) {
  std::optional<gc::PairwiseTransfers> transfers;
  out.transfers.set_up = seconds_of([&] { transfers.emplace(party, source); }) / 2;
  gc::TripleMaker maker(party, *transfers);
  maker.make(64);  // what a silent source begins an iteration with comes once in many queries
  out.transfers.transfer = seconds_of([&] { maker.make(kTripleWords); }) / (2 * 64 * kTripleWords);
}

void measure_circuits(Party& party, UnitCosts& out) {
  const Network network = relu_network();
  const CircuitPorts ports(network, 0);
  const gc::GmwPlan plan = shared_activation(network, 0);
  auto some = [&] { return gc::WipedWords(plan.triples(ports.words())); };
  gc::BitTriples triples(some(), some(), some());
  const std::vector<Word> publics(ports.opened_planes() * ports.words()),
      shares(ports.mask_planes() * ports.words());
  out.gmw.gate = seconds_of([&] { gc::Gmw(party).evaluate(plan, ports.words(), publics, shares, triples); }) /
                 static_cast<double>(plan.circuit().gates.size() * ports.words());

  const gc::JointCircuit joint = joint_activation(network, 0);
  std::vector<NoSender> senders(party.count());
  std::vector<NoReceiver> receivers(party.count());
  std::vector<gc::CotEnds> ends;
  for (std::size_t p = 0; p < party.count(); ++p) ends.push_back({&senders[p], &receivers[p]});
  gc::Bmr bmr(party, kEvaluator, ends);
  const double ands = static_cast<double>(joint.plan.ands.size() * kGarbledCopies);
  const std::vector<Word> inputs(gc::words_for(joint.inputs.size() * kGarbledCopies));
  bmr.garble(joint, kGarbledCopies, inputs);
  gc::GarbledInstance instance;
  const double garble = seconds_of([&] { instance = bmr.garble(joint, kGarbledCopies, inputs); }) / ands;
  const double evaluate = seconds_of([&] { gc::evaluate(party, joint, std::move(instance), inputs); });
  if (party.id() == kEvaluator) {
    out.garbled.garble_evaluator = garble;
    out.garbled.evaluate = evaluate / ands;
  } else {
    out.garbled.garble_garbler = garble;
    out.garbled.input_label = evaluate / static_cast<double>(joint.labelled_inputs() * kGarbledCopies);
  }
}

/// All parties as threads of this process; the slowest counts.
template <class Body>
UnitCosts on_parties(std::size_t parties, Body body) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parties; ++i) names.push_back(fmt::format("server {}", i));
  const auto wires = memory_transports(names, std::chrono::minutes(1));
  std::vector<UnitCosts> each(parties);
  std::vector<std::exception_ptr> errors(parties);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < parties; ++i)
    threads.emplace_back([&, i] {
      try {
        Workers workers(1);
        const SessionStart start = shake_hands(party_id(i), names, *wires[i], {});
        Party party(party_id(i), names, *wires[i], start.keys, Compute{ring_kernels(detect_isa()), workers});
        body(party, each[i]);
      } catch (const std::exception& e) {
        errors[i] = std::current_exception();
        wires[i]->goodbye(e.what());
      }
    });
  for (std::thread& t : threads) t.join();
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
  UnitCosts out;
  auto most = [&](auto member) {
    for (UnitCosts& u : each) member(out) = std::max(member(out), member(u));
  };
  most([](UnitCosts& u) -> double& { return u.transfers.set_up; });
  most([](UnitCosts& u) -> double& { return u.transfers.transfer; });
  most([](UnitCosts& u) -> double& { return u.gmw.gate; });
  most([](UnitCosts& u) -> double& { return u.garbled.garble_garbler; });
  most([](UnitCosts& u) -> double& { return u.garbled.garble_evaluator; });
  most([](UnitCosts& u) -> double& { return u.garbled.evaluate; });
  most([](UnitCosts& u) -> double& { return u.garbled.input_label; });
  return out;
}

void measure_encryption(const NetworkSizes& sizes, UnitCosts& out) {
  const he::BfvContext &context = sizes.masks(), &replies = sizes.replies();
  const std::size_t degree = context.parameters().degree;
  he::Randomness random;
  he::Workspace workspace;
  const he::SecretKey key(context, random), reply_key(replies, key);
  const he::PublicKey public_key(context, key, random);
  const he::ModulusSwitch to_reply(context, replies);
  he::Plaintext m(degree);
  random.next().fill(0, m);
  for (Word& w : m) w &= sizes.network().numbers.mask();
  std::vector<std::size_t> wanted(degree / 2);
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;

  he::SecretKey::Seeded seeded;
  Bytes sent;
  out.encrypt = typical([&] {
    key.encrypt(m, random, workspace, seeded);
    sent = he::to_bytes(context, seeded);
  });
  he::Ciphertext x;
  out.expand = typical([&] { x = he::expand(context, he::read_seeded(context, sent)); });
  he::Ciphertext sum = x;
  out.product = typical([&] {
    const he::PlainFactor factor = he::prepare(context, m);
    he::Ciphertext part = x;
    he::multiply_plain(context, part, factor);
    he::add(context, sum, part);
  });
  out.hide = typical([&] {
    he::Ciphertext y = x;
    he::rerandomise(context, y, public_key, m, 0, random, workspace);
    sent = he::to_bytes(replies, to_reply.reply(y, wanted, 1, workspace), 0);
  });
  out.decrypt = typical([&] {
    const he::Reply reply = he::read_reply(replies, sent, 0, wanted.size(), 0);
    he::decrypt(reply_key, reply, wanted, workspace);
  });
}

void measure_ring(UnitCosts& out) {
  Workers workers(1);
  const Compute compute{ring_kernels(detect_isa()), workers};
  const Term convolution{.kind = Term::Kind::Convolution, .in = {16, 14, 14}};
  const Term matrix{.kind = Term::Kind::Matrix, .in = {1024}};
  const RingTensor filter({16, 16, 3, 3}, Words(16 * 16 * 9, 3)), rows({256, 1024}, Words(256 * 1024, 3));
  const std::vector<Word> image(16 * 14 * 14, 5), vector(1024, 5);
  out.convolution_add =
      typical([&] { apply(compute, convolution, &filter, image); }) / (16.0 * 12 * 12 * 16 * 9);
  out.matrix_add = typical([&] { apply(compute, matrix, &rows, vector); }) / (256.0 * 1024);
  constexpr std::size_t kBits = 32;
  out.plane_bit = typical([&] { from_planes(to_planes(image, kBits), kBits, image.size()); }) /
                  (2.0 * kBits * static_cast<double>(image.size()));
}

}  // namespace

double measure_user(const Face& face, std::size_t servers) {
  const Bytes seed(Prg::kKeySize, std::byte{1});
  const std::vector<ByteView> seeds(servers, seed);
  const std::vector<Word> x(elements(face.input), 5), answer(answer_words(face));
  return typical([&] {
    const Question question(face, seeds, seeds);
    question.masked(x);
    question.unmasked(answer);
  });
}

UnitCosts measure_units(const NetworkSizes& sizes, ot::Source source) {
  UnitCosts out = on_parties(sizes.servers(), [](Party& p, UnitCosts& u) { measure_circuits(p, u); });
  out.transfers = on_parties(2, [&](Party& p, UnitCosts& u) { measure_transfers(p, source, u); }).transfers;
  measure_encryption(sizes, out);
  measure_ring(out);
  return out;
}

}  // namespace tacit::seco
