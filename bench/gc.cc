// Garbling, on one thread.
#include "bench.h"
#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/gc/garble/half_gates.h"

namespace tacit::bench {

namespace {

void garbling(Context& c) {
  gc::Builder builder;
  const gc::Bits a = builder.inputs(32), b = builder.inputs(32);
  const gc::Circuit relu = builder.finish(gc::relu(builder, gc::add(builder, a, b)));
  const auto prg = std::make_shared<const Prg>(Bytes(16), detect_isa());
  const gc::Label delta = gc::random_delta(Stream(prg, 0));
  const gc::HalfGates gates(gc::random_labels(Stream(prg, 2), 1)[0]);
  const gc::Plan plan(relu);
  c.add("garble.relu32_ands", static_cast<double>(relu.ands()), "And gates of a ReLU of a sum of 32 bits");
  for (const std::size_t copies : {std::size_t{1}, std::size_t{8192}}) {
    const gc::Labels zeros = gc::random_labels(Stream(prg, copies), relu.inputs * copies);
    gc::Tables tables;
    const double ands = static_cast<double>(relu.ands() * copies);
    const std::size_t times = copies == 1 ? 1000 : 1;
    const Timing made = measure(15, [&] {
      for (std::size_t i = 0; i < times; ++i) gates.garble(plan, copies, delta, i, zeros, tables);
    });
    const Timing read = measure(15, [&] {
      for (std::size_t i = 0; i < times; ++i) gates.evaluate(plan, copies, i, zeros, tables);
    });
    const std::string which = copies == 1 ? "one_copy" : "copies";
    const double count = ands * static_cast<double>(times);
    c.add("garble." + which + "_and_per_second", count / made.median, "And gates garbled a second, one core");
    c.add("garble." + which + "_and_evaluated_per_second", count / read.median,
          "evaluated a second, one core");
  }
  c.add("garble.bytes_per_and", 2 * sizeof(gc::Label), "bytes");
}

}  // namespace

std::vector<Benchmark> gc_benchmarks() {
  return {{"gc", "half-gates garbling of a ReLU, one copy and many at once", garbling}};
}

}  // namespace tacit::bench
