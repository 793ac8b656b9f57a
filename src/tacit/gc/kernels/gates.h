// And gates of garbled circuits, one compilation an instruction set: whole gates in one pass, with as many
// AES blocks in flight as the processor takes. The hash of a label x is
//   H(x; key, i) = E_key(y) ^ y,   y = s(x) ^ i,   s(high, low) = (high ^ low, high)
// with AES-128 as E, and i the number of the copy. garble/gate_hash.h says why it is sound and how keys are
// chosen: two a gate, one for each of its inputs.
#pragma once

#include <cstddef>
#include <vector>

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit::gc {

/// A gate's two key schedules: for each round, the first key's 16 bytes and then the second's.
constexpr std::size_t kScheduleSize = 2 * 11 * 16;

/// One And gate in several copies: blocks of two words each, copies side by side.
struct GateCopies {
  const std::byte* schedule;
  std::uint64_t first;  ///< number of the first copy
  std::size_t copies;
  const Word *a, *b;
};
/// Several And gates of one copy, none of which reads what another writes: `a`, `b` and `out` are places in
/// an array of blocks.
struct GatePlaces {
  std::uint32_t a, b, out;
};

/// A Xor of two places, or of one with what inverts it.
struct FreePlaces {
  std::uint32_t a, b, out;
  bool inverts;  ///< then b is not read
};

struct GateKernels {
  /// The schedules of `pairs` pairs of keys, four words a pair.
  void (*expand)(const Word* keys, std::byte* schedules, std::size_t pairs);
  /// out = a ^ b; `out` may be either.
  void (*exclusive_or)(const Word* a, const Word* b, Word* out, std::size_t blocks);

  /// Half-gates; a and b are the labels for 0. Writes the output's, and the two rows.
  void (*garble)(const GateCopies& gate, const Word* delta, Word* out, Word* row_g, Word* row_e);
  void (*evaluate)(const GateCopies& gate, const Word* row_g, const Word* row_e, Word* out);
  /// The same for gates of the copy of number 0: schedule and two rows gate after gate.
  void (*garble_gates)(const std::byte* schedules, const Word* delta, const GatePlaces* gates,
                       std::size_t count, Word* wires, Word* rows);
  void (*evaluate_gates)(const std::byte* schedules, const GatePlaces* gates, std::size_t count, Word* wires,
                         const Word* rows);

  /// Free gates of one copy, one after the other; `flip` is added where one inverts.
  void (*free_gates)(const FreePlaces* gates, std::size_t count, const Word* flip, Word* wires);

  /// x ^= H(a) ^ H(a ^ delta), y ^= H(b) ^ H(b ^ delta), z ^= H(a) ^ H(b).
  void (*mask)(const GateCopies& gate, const Word* delta, Word* x, Word* y, Word* z);
  /// z ^= H(a) ^ H(b).
  void (*unmask)(const GateCopies& gate, Word* z);
  /// z ^= (x & u) ^ ((y ^ l) & v).
  void (*choose)(const Word* x, const Word* u, const Word* y, const Word* l, const Word* v, Word* z,
                 std::size_t blocks);
};

/// All that this machine runs of one instruction set, the best first.
std::vector<const GateKernels*> gate_kernels(Isa isa);

}  // namespace tacit::gc
