// For an And gate of a and b with labels A, B for 0, colours p_a, p_b, and the gate's two keys:
//   T_G = H(A) ^ H(A ^ D) ^ p_b·D          the garbler's half, a AND p_b
//   T_E = H'(B) ^ H'(B ^ D) ^ A            the evaluator's, a AND (b ^ p_b)
//   C   = H(A) ^ p_a·T_G ^ H'(B) ^ p_b·(T_E ^ A)
// Copies are taken in blocks, so that a block's wires stay in the cache. Rows come block after block, gate
// after gate, first T_G of the block's copies and then T_E.
#include "tacit/gc/garble/half_gates.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

namespace {

const Word* in(const Label* l) { return &l->low; }
Word* in(Label* l) { return &l->low; }

/// A block of copies while its gates are run one after the other.
struct Run {
  const GateHash& hash;
  const Plan& plan;
  std::uint64_t instance;
  std::size_t first, copies;
  Label* wires;
  GateHash::Schedules& schedules;

  Label* wire(std::uint32_t slot) const { return wires + slot * copies; }

  /// Calls ands(gates, their schedules, first row's number within the chunk) and frees(gates), and
  /// chunk(rows) before the And gates of each chunk.
  template <class Chunk, class Ands, class Frees>
  void over_gates(Chunk chunk, Ands ands, Frees frees) const {
    std::size_t a = 0, f = 0;
    for (const Plan::Step& step : plan.steps) {
      const std::size_t within = a % GateHash::kChunk;
      if (step.ands > 0) {
        if (within == 0) {
          const std::size_t gates = std::min(GateHash::kChunk, plan.ands.size() - a);
          hash.expand({instance, first / GateHash::kCopiesPerKey}, a, gates, schedules);
          chunk(2 * gates * copies);
        }
        ands(std::span(plan.ands).subspan(a, step.ands), schedules.get() + within * kScheduleSize,
             2 * within * copies);
        a += step.ands;
      }
      frees(std::span(plan.frees).subspan(f, step.frees));
      f += step.frees;
    }
  }
  /// Calls body(gate, rows' place) for And gates one by one.
  template <class Body>
  void each(std::span<const GatePlaces> gates, const std::byte* schedule, std::size_t row, Body body) const {
    for (const GatePlaces& g : gates) {
      body(GateCopies{schedule, first, copies, in(wire(g.a)), in(wire(g.b))}, row, wire(g.out));
      schedule += kScheduleSize;
      row += 2 * copies;
    }
  }
  /// Xor; and Not, which adds `flip`.
  void free_gates(std::span<const FreePlaces> gates, Label flip) const {
    if (copies == 1) return hash.kernels().free_gates(gates.data(), gates.size(), in(&flip), in(wires));
    for (const FreePlaces& g : gates) {
      const Label *a = wire(g.a), *b = wire(g.b);
      Label* out = wire(g.out);
      if (g.inverts)
        for (std::size_t k = 0; k < copies; ++k) out[k] = a[k] ^ flip;
      else
        hash.kernels().exclusive_or(in(a), in(b), in(out), copies);
    }
  }
};

/// Runs body(run) for every block, with the inputs' labels in their slots before, and takes the outputs'.
template <class Body>
Labels over_blocks(const GateHash& hash, const Plan& plan, std::size_t copies, std::uint64_t instance,
                   std::span<const Label> inputs, Body body) {
  ensure(inputs.size() == plan.inputs * copies, "a label for every input and copy");
  Labels outputs(plan.outputs.size() * copies);
  WipedLabels wires(plan.slots * std::min(copies, GateHash::kCopiesPerKey));
  GateHash::Schedules schedules;
  for (std::size_t first = 0; first < copies; first += GateHash::kCopiesPerKey) {
    const Run run{hash,         plan,     instance, first, std::min(GateHash::kCopiesPerKey, copies - first),
                  wires.data(), schedules};
    if (run.copies == copies)
      std::copy(inputs.begin(), inputs.end(), wires.data());
    else
      for (std::size_t i = 0; i < plan.inputs; ++i)
        std::copy_n(inputs.data() + i * copies + first, run.copies, run.wire(static_cast<std::uint32_t>(i)));
    body(run);
    for (std::size_t o = 0; o < plan.outputs.size(); ++o)
      if (copies == 1)
        outputs[o] = *run.wire(plan.outputs[o]);
      else
        std::copy_n(run.wire(plan.outputs[o]), run.copies, outputs.data() + o * copies + first);
  }
  return outputs;
}

}  // namespace

Labels HalfGates::garble(const Plan& plan, std::size_t copies, Label delta, std::uint64_t instance,
                         std::span<const Label> zeros, TableSink& tables) const {
  ensure(colour(delta) == 1, "a delta of colour 1");
  const GateKernels& k = hash_.kernels();
  Labels out = over_blocks(hash_, plan, copies, instance, zeros, [&](const Run& run) {
    std::span<Label> rows;
    run.over_gates([&](std::size_t count) { rows = tables.next(count); },
                   [&](std::span<const GatePlaces> gates, const std::byte* schedules, std::size_t row) {
                     if (run.copies == 1 && run.first == 0)
                       return k.garble_gates(schedules, in(&delta), gates.data(), gates.size(), in(run.wires),
                                             in(rows.data() + row));
                     run.each(gates, schedules, row, [&](const GateCopies& g, std::size_t at, Label* to) {
                       k.garble(g, in(&delta), in(to), in(rows.data() + at),
                                in(rows.data() + at + run.copies));
                     });
                   },
                   [&](std::span<const FreePlaces> gates) { run.free_gates(gates, delta); });
  });
  tables.finish();
  return out;
}

Labels HalfGates::evaluate(const Plan& plan, std::size_t copies, std::uint64_t instance,
                           std::span<const Label> inputs, TableSource& tables) const {
  const GateKernels& k = hash_.kernels();
  return over_blocks(hash_, plan, copies, instance, inputs, [&](const Run& run) {
    std::span<const Label> rows;
    run.over_gates([&](std::size_t count) { rows = tables.next(count); },
                   [&](std::span<const GatePlaces> gates, const std::byte* schedules, std::size_t row) {
                     if (run.copies == 1 && run.first == 0)
                       return k.evaluate_gates(schedules, gates.data(), gates.size(), in(run.wires),
                                               in(rows.data() + row));
                     run.each(gates, schedules, row, [&](const GateCopies& g, std::size_t at, Label* to) {
                       k.evaluate(g, in(rows.data() + at), in(rows.data() + at + run.copies), in(to));
                     });
                   },
                   [&](std::span<const FreePlaces> gates) { run.free_gates(gates, {}); });
  });
}

Labels HalfGates::garble(const Plan& plan, std::size_t copies, Label delta, std::uint64_t instance,
                         std::span<const Label> zeros, Tables& tables) const {
  tables.resize(rows(plan, copies));
  MemorySink sink(tables);
  return garble(plan, copies, delta, instance, zeros, sink);
}

Labels HalfGates::evaluate(const Plan& plan, std::size_t copies, std::uint64_t instance,
                           std::span<const Label> inputs, std::span<const Label> tables) const {
  require(tables.size() == rows(plan, copies), "{} table entries, where {} are due", tables.size(),
          rows(plan, copies));
  MemorySource source(tables);
  return evaluate(plan, copies, instance, inputs, source);
}

}  // namespace tacit::gc
