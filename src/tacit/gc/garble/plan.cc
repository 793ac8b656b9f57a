#include "tacit/gc/garble/plan.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/gc/garble/gate_hash.h"

namespace tacit::gc {

namespace {

/// And gates that are put into a new order together. Longer windows find more to run together, but keep more
/// wires alive.
constexpr std::size_t kWindow = 256;
using Kind = Gate::Kind;

/// Gates in steps, by their places in the circuit: And gates, then free ones.
struct Order {
  std::vector<std::vector<std::size_t>> ands, frees;
  std::size_t total = 0;

  void add(std::span<const std::size_t> some_ands, std::vector<std::size_t> some_frees) {
    // A step's keys are made at once, so its And gates stand in one chunk.
    for (std::size_t i = 0; i < some_ands.size();) {
      const std::size_t now = std::min(some_ands.size() - i, GateHash::kChunk - total % GateHash::kChunk);
      ands.emplace_back(some_ands.begin() + static_cast<std::ptrdiff_t>(i),
                        some_ands.begin() + static_cast<std::ptrdiff_t>(i + now));
      frees.emplace_back();
      i += now;
      total += now;
    }
    if (some_frees.empty()) return;
    if (frees.empty()) {
      ands.emplace_back();
      frees.emplace_back();
    }
    frees.back().insert(frees.back().end(), some_frees.begin(), some_frees.end());
  }
};

Order ordered(const Circuit& circuit) {
  Order order;
  std::vector<std::uint32_t> level(circuit.wires, 0);  // within the window
  for (std::size_t begin = 0, end = 0; begin < circuit.gates.size(); begin = end) {
    for (std::size_t ands = 0; end < circuit.gates.size() && ands < kWindow; ++end)
      ands += circuit.gates[end].kind == Kind::And;
    std::vector<std::vector<std::size_t>> ands(1), frees(1);
    for (std::size_t i = begin; i < end; ++i) {
      const Gate& g = circuit.gates[i];
      const std::uint32_t l = std::max(level[g.a], level[g.b]) + (g.kind == Kind::And);
      level[g.out] = l;
      if (l >= ands.size()) {
        ands.resize(l + 1);
        frees.resize(l + 1);
      }
      (g.kind == Kind::And ? ands : frees)[l].push_back(i);
    }
    for (std::size_t l = 0; l < ands.size(); ++l) order.add(ands[l], frees[l]);
    for (std::size_t i = begin; i < end; ++i) level[circuit.gates[i].out] = 0;
  }
  return order;
}

/// Gives wires slots, and takes them back after the last reader.
class Slots {
 public:
  explicit Slots(const Circuit& circuit) : at_(circuit.wires), readers_(circuit.wires, 0) {
    for (const Gate& g : circuit.gates) {
      ++readers_[g.a];
      ++readers_[g.b];
    }
    for (Wire w : circuit.outputs) ++readers_[w];  // never taken back
    for (std::size_t w = 0; w < circuit.inputs; ++w) give(static_cast<Wire>(w));
  }
  std::uint32_t give(Wire w) {
    if (free_.empty()) free_.push_back(static_cast<std::uint32_t>(count_++));
    at_[w] = free_.back();
    free_.pop_back();
    return at_[w];
  }
  std::uint32_t of(Wire w) const { return at_[w]; }
  void has_read(Wire w) {
    if (--readers_[w] == 0) free_.push_back(at_[w]);
  }
  void drop_unread(Wire w) {
    if (readers_[w] == 0) free_.push_back(at_[w]);
  }
  std::size_t count() const { return count_; }

 private:
  std::vector<std::uint32_t> at_, readers_, free_;
  std::size_t count_ = 0;
};

}  // namespace

Plan::Plan(const Circuit& circuit) : inputs(circuit.inputs) {
  Slots at(circuit);
  const Order order = ordered(circuit);
  // What a step's gates write lies apart from all that they read.
  auto close = [&](std::span<const std::size_t> gates) {
    for (std::size_t i : gates) {
      const Gate& g = circuit.gates[i];
      at.has_read(g.a);
      at.has_read(g.b);
      at.drop_unread(g.out);
    }
  };
  for (std::size_t s = 0; s < order.ands.size(); ++s) {
    for (std::size_t i : order.ands[s]) {
      const Gate& g = circuit.gates[i];
      const std::uint32_t a = at.of(g.a), b = at.of(g.b);
      ands.push_back({a, b, at.give(g.out)});
    }
    close(order.ands[s]);
    for (std::size_t i : order.frees[s]) {
      const Gate& g = circuit.gates[i];
      const std::uint32_t a = at.of(g.a), b = at.of(g.b);
      frees.push_back({a, b, at.give(g.out), g.kind == Kind::Not});
      close(std::span(&i, 1));
    }
    steps.push_back({static_cast<std::uint32_t>(order.ands[s].size()),
                     static_cast<std::uint32_t>(order.frees[s].size())});
  }
  for (Wire w : circuit.outputs) outputs.push_back(at.of(w));
  slots = at.count();
}

}  // namespace tacit::gc
