// Garbling, each party on one thread. Seconds are the processor's own for that thread, so that what else the
// machine does counts less.
#include <time.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "over_tls.h"
#include "tacit/gc/circuit/activation.h"
#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/gc/garble/half_gates.h"
#include "tacit/gc/multiparty/bmr.h"
#include "tacit/net/transports/memory.h"

namespace tacit::bench {

namespace {

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}
/// The median of some runs' seconds, after one that is not counted.
double median_seconds(std::size_t times, const std::function<void()>& body) {
  body();
  std::vector<double> seconds;
  for (std::size_t i = 0; i < times; ++i) {
    const double begin = thread_seconds();
    body();
    seconds.push_back(thread_seconds() - begin);
  }
  return median(seconds);
}

gc::Circuit relu_of_sum() {
  gc::Builder builder;
  const gc::Bits a = builder.inputs(32), b = builder.inputs(32);
  return builder.finish(gc::relu(builder, gc::add(builder, a, b)));
}

void garbling(Context& c) {
  const auto prg = std::make_shared<const Prg>(Bytes(16), detect_isa());
  const gc::Label delta = gc::random_delta(Stream(prg, 0));
  const gc::HalfGates gates(gc::random_labels(Stream(prg, 2), 1)[0]);
  const gc::Plan plan(relu_of_sum());
  c.add("garble.relu32_ands", static_cast<double>(plan.ands.size()),
        "And gates of a ReLU of a sum of 32 bits");
  for (const std::size_t copies : {std::size_t{1}, std::size_t{8192}}) {
    const gc::Labels zeros = gc::random_labels(Stream(prg, 2 + copies), plan.inputs * copies);
    gc::Tables tables;
    const std::size_t times = copies == 1 ? 1000 : 1;
    const double made = median_seconds(15, [&] {
      for (std::size_t i = 0; i < times; ++i) gates.garble(plan, copies, delta, i, zeros, tables);
    });
    const double read = median_seconds(15, [&] {
      for (std::size_t i = 0; i < times; ++i) gates.evaluate(plan, copies, i, zeros, tables);
    });
    const std::string which = copies == 1 ? "one_copy" : "copies";
    const double count = static_cast<double>(plan.ands.size() * copies * times);
    c.add("garble." + which + "_and_per_second", count / made, "And gates garbled a second, one core");
    c.add("garble." + which + "_and_evaluated_per_second", count / read, "evaluated a second, one core");
  }
  c.add("garble.bytes_per_and", 2 * sizeof(gc::Label), "bytes");
}

/// A layer of ReLUs whose tables stream from one process to the other over TLS as they are garbled.
void garbling_over_tls(Context& c) {
  constexpr std::size_t kCopies = 8192;
  const auto prg = std::make_shared<const Prg>(Bytes(16), detect_isa());
  const gc::Label delta = gc::random_delta(Stream(prg, 0));
  const gc::HalfGates gates(gc::random_labels(Stream(prg, 2), 1)[0]);
  const gc::Plan plan(relu_of_sum());
  const gc::Labels zeros = gc::random_labels(Stream(prg, 3), plan.inputs * kCopies);
  const auto all = on_parties(c, 2, 1, [&](Party& p) -> nlohmann::json {
    Channel& peer = p.to(p.next());
    std::uint64_t instance = 0;
    return beside_tls(p, party_id(0), plan.ands.size() * kCopies, [&] {
      if (p.id() == party_id(0)) {
        gc::ChannelSink sink(peer, "bench.tables");
        gates.garble(plan, kCopies, delta, instance++, zeros, sink);
      } else {
        gc::ChannelSource source(peer, "bench.tables", gc::HalfGates::rows(plan, kCopies));
        gates.evaluate(plan, kCopies, instance++, zeros, source);
      }
    });
  });
  add_beside_tls(c, "garble.tls.and", "And gates garbled, sent and evaluated", all);
}

/// Transfers dealt by a generator that both ends know: what garbling costs without them.
struct DealtSender : ot::CotSender {
  explicit DealtSender(std::shared_ptr<const Prg> p, gc::Label d) : prg(std::move(p)), own(d) {}
  Block delta() const override { return own; }
  void extend(std::span<Block> keys) override { Stream(prg, next++).fill(0, words(keys)); }
  void extend_random(std::span<Block> keys) override { extend(keys); }
  std::shared_ptr<const Prg> prg;
  gc::Label own;
  std::uint64_t next = 1;
};
struct DealtReceiver : ot::CotReceiver {
  explicit DealtReceiver(std::shared_ptr<const Prg> p, gc::Label d) : prg(std::move(p)), delta(d) {}
  void extend(std::span<const Word> choices, std::span<Block> out) override {
    Stream(prg, next++).fill(0, words(out));
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = out[i] ^ (delta & (choices[i / 64] >> (i % 64) & 1));
  }
  void extend_random(std::span<Word> choices, std::span<Block> out) override {
    std::fill(choices.begin(), choices.end(), Word{0});
    extend(choices, out);
  }
  std::shared_ptr<const Prg> prg;
  gc::Label delta;
  std::uint64_t next = 1;
};

struct Seconds {
  double garble = 1e9, evaluate = 1e9;
};

/// The fastest of some garblings and evaluations at one party.
Seconds one_party(Party& party, PartyId evaluator, const gc::JointCircuit& circuit, std::size_t copies) {
  const std::size_t n = party.count();
  std::vector<std::unique_ptr<DealtSender>> senders;
  std::vector<std::unique_ptr<DealtReceiver>> receivers;
  std::vector<gc::CotEnds> ends;
  auto generator = [](std::size_t from, std::size_t to) {
    Bytes key(16);
    key[0] = static_cast<std::byte>(from);
    key[1] = static_cast<std::byte>(to);
    return std::make_shared<const Prg>(key, detect_isa());
  };
  auto delta_of = [&](std::size_t p) { return gc::random_delta(Stream(generator(p, p), 0)); };
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t self = index(party.id());
    senders.push_back(std::make_unique<DealtSender>(generator(self, i), delta_of(self)));
    receivers.push_back(std::make_unique<DealtReceiver>(generator(i, self), delta_of(i)));
    ends.push_back({senders.back().get(), receivers.back().get()});
  }
  gc::Bmr bmr(party, evaluator, ends);
  Seconds best;
  const std::vector<Word> inputs((circuit.inputs.size() * copies + 63) / 64);
  for (int i = 0; i < 5; ++i) {
    const double begin = thread_seconds();
    gc::GarbledInstance instance = bmr.garble(circuit, copies);
    const double between = thread_seconds();
    gc::evaluate(party, circuit, std::move(instance), inputs);
    best.garble = std::min(best.garble, between - begin);
    best.evaluate = std::min(best.evaluate, thread_seconds() - between);
  }
  return best;
}

void multiparty(Context& c) {
  constexpr std::size_t kCopies = 8192;
  gc::Builder builder;
  const gc::Bits word = builder.inputs(32), mask = builder.inputs(32), next = builder.inputs(32);
  const gc::Circuit activation = builder.finish(gc::masked_relu(builder, word, mask, next, 12));
  c.add("bmr.masked_relu32_ands", static_cast<double>(activation.ands()), "And gates of a masked ReLU");
  std::vector<gc::InputFrom> from(96, gc::InputFrom::all());
  std::fill_n(from.begin(), 32, gc::InputFrom::everybody());
  const gc::JointCircuit circuit(activation, from, std::vector<gc::OutputTo>(32));
  const double ands = static_cast<double>(activation.ands() * kCopies);

  const std::size_t n = 3;
  const PartyId evaluator = party_id(n - 1);
  const std::vector<std::string> names{"a", "b", "c"};
  auto wires = memory_transports(names, std::chrono::minutes(2));
  std::vector<Seconds> seconds(n);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < n; ++i)
    threads.emplace_back([&, i] {
      Workers workers(1);
      SessionKeys keys{SecretBytes(32), SecretBytes(32), {}};
      keys.mine.bytes()[0] = static_cast<std::byte>(i + 1);
      for (std::size_t j = 0; j < n; ++j) keys.pair.emplace_back(32);
      Party party(party_id(i), names, *wires[i], keys, Compute{ring_kernels(detect_isa()), workers});
      seconds[i] = one_party(party, evaluator, circuit, kCopies);
    });
  for (std::thread& t : threads) t.join();
  Seconds slowest{0, 0};
  for (const Seconds& s : seconds) {
    slowest.garble = std::max(slowest.garble, s.garble);
    slowest.evaluate = std::max(slowest.evaluate, s.evaluate);
  }
  c.add("bmr.n3_and_per_second", ands / slowest.garble,
        "And gates garbled a second by the slowest of three parties, one core each, without transfers");
  c.add("bmr.n3_and_evaluated_per_second", ands / slowest.evaluate, "evaluated a second, one core");
  for (const std::size_t parties : {2, 3, 4, 5}) {
    const gc::BmrCost cost = gc::bmr_cost(circuit, kCopies, parties, party_id(parties - 1));
    const std::string name = "bmr.n" + std::to_string(parties);
    c.add(name + "_bytes_per_and", static_cast<double>(cost.garble_bytes) / ands,
          "over all links, ahead, without transfers");
    c.add(name + "_online_bytes_per_relu", static_cast<double>(cost.evaluate_bytes) / kCopies,
          "over all links, for a masked ReLU of 32 bits");
    c.add(name + "_transfers_per_and", static_cast<double>(cost.transfers) / ands, "correlated transfers");
  }
}

}  // namespace

std::vector<Benchmark> gc_benchmarks() {
  return {{"gc", "half-gates garbling of a ReLU, one copy and many; garbling among three",
           [](Context& c) {
             garbling(c);
             multiparty(c);
           }},
          {"gc.tls", "half-gates garbling that streams over TLS, beside TLS alone", garbling_over_tls}};
}

}  // namespace tacit::bench
