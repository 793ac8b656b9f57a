// Learning parity with noise, over F_2, with regular noise: from k secret bits x, n = trees·2^depth bits
// A·x + e look random, where each row of A has kGathered random ones and e a single one in each stretch of
// 2^depth. Code and first parameters are those of Yang, Weng, Lan, Zhang, Wang, "Ferret" (2020).
#pragma once

#include "tacit/crypto/block.h"
#include "tacit/crypto/prg.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit::ot {

struct Lpn {
  unsigned depth;     ///< of a tree: each has 2^depth rows and one noisy one
  std::size_t trees;  ///< the noise's weight
  std::size_t secret;

  std::size_t leaves() const { return std::size_t{1} << depth; }
  std::size_t rows() const { return trees << depth; }
};

/// Ferret's own: attack_bits says 160.
constexpr Lpn kFerretLpn{13, 1319, 589760};
/// A secret that fits nearer caches: attack_bits says 134. Public implementations use this set since Liu,
/// Wang, Yang, Yu ("The hardness of LPN over any integer ring and field for PCG applications", 2024) found
/// the first estimates too careful. Attacks on regular noise found later (Briaud and Oygarden, 2023; Esser
/// and Santini, 2024; eprint 2025/1284 and 2025/1476) take some bits from both sets, and this one has few to
/// spare.
constexpr Lpn kReducedLpn{12, 2507, 238000};

/// Logarithm of the operations of pooled Gauss: guess as many rows free of noise as there are secret bits,
/// spread evenly over the stretches, and solve (exponent 2.8). An upper bound for what attackers need, not a
/// proof.
double attack_bits(const Lpn& lpn);

/// The public code A.
class LocalCode {
 public:
  /// `seed` names it.
  LocalCode(ByteView seed, std::size_t secret, Isa isa)
      : prg_(seed, isa), kernels_(ot_kernels(isa)), secret_(secret) {}
  /// Adds rows [first, first + out.size()) of A·x to `out`; `first` is even.
  void add(std::size_t first, std::span<const Block> x, std::span<Block> out) const;

 private:
  Prg prg_;
  const OtKernels& kernels_;
  std::size_t secret_;
};

}  // namespace tacit::ot
