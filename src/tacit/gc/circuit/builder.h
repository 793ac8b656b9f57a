// Builds circuits with as few And gates as it can see: constants are folded, a gate that is there already is
// not made again, and what no output needs is left out.
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "tacit/gc/circuit/circuit.h"

namespace tacit::gc {

/// A bit while a circuit is built: a constant, or a wire.
class Bit {
 public:
  Bit() = default;
  Bit(bool constant) : constant_(constant) {}
  bool is_constant() const { return !wire_; }
  bool value() const { return constant_; }
  Wire wire() const { return *wire_; }
  bool operator==(const Bit&) const = default;

 private:
  friend class Builder;
  explicit Bit(Wire wire) : wire_(wire) {}
  std::optional<Wire> wire_;
  bool constant_ = false;
};

/// A number: its lowest bit first, negative ones in two's complement.
using Bits = std::vector<Bit>;

class Builder {
 public:
  Bit input();
  Bits inputs(std::size_t bits);

  Bit bit_not(Bit a);
  Bit bit_xor(Bit a, Bit b);
  Bit bit_and(Bit a, Bit b);
  Bit bit_or(Bit a, Bit b) { return bit_not(bit_and(bit_not(a), bit_not(b))); }

  /// Ends the building. Constant outputs are made of an input, so a circuit that has some needs one.
  Circuit finish(const Bits& outputs);

 private:
  Bit gate(Gate::Kind kind, Wire a, Wire b);
  /// For the wire that is the negation of another.
  std::optional<Wire> negation_of(Bit a) const;

  Circuit circuit_;
  std::map<std::tuple<Gate::Kind, Wire, Wire>, Wire> made_;
  std::map<Wire, Wire> negated_;  ///< both ways
  bool building_gates_ = false;
};

}  // namespace tacit::gc
