// The hash of garbled gates, H(x) = E_key(y) ^ y with y = s(x) ^ (number of the copy): AES under a key of the
// gate's own, as in Guo, Katz, Wang, Weng, Yu, "Better concrete security for half-gates garbling (in the
// multi-instance setting)" (2020). A key serves one input of one gate in at most kCopiesPerKey copies, and is
// the sum of a public salt and a number that never comes again under that salt.
//
// Security: with AES an ideal cipher, H is circular correlation robust for labels that differ by delta. Who
// makes p calls of AES learns something with probability about m (p + q) / 2^126, where q counts hashes and m
// those under one key: 128 copies. With one fixed key for all, m would be q. Needs of callers: delta uniform
// but for its lowest bit; the salt uniform, apart from delta, and never used with the same numbers again.
// Equal labels in two copies of a gate hash apart by the copies' numbers.
#pragma once

#include <memory>

#include "tacit/base/cpu.h"
#include "tacit/gc/garble/label.h"
#include "tacit/gc/kernels/gates.h"

namespace tacit::gc {

class GateHash {
 public:
  static constexpr std::size_t kCopiesPerKey = 128;
  /// Gates whose keys are made at once.
  static constexpr std::size_t kChunk = 32;
  using Schedules = std::unique_ptr<std::byte[]>;  ///< made when first needed

  explicit GateHash(Label salt, Isa isa = detect_isa()) : GateHash(salt, *gate_kernels(isa).front()) {}
  GateHash(Label salt, const GateKernels& kernels) : salt_(salt), kernels_(&kernels) {}

  const GateKernels& kernels() const { return *kernels_; }

  /// What a key is for, besides the gate: `use` keeps apart what is hashed for several ends.
  struct Purpose {
    std::uint64_t instance;  ///< below 2^32
    std::uint64_t block;     ///< copies [block · kCopiesPerKey, ...); below 2^32
    std::uint32_t use = 0;
  };
  /// The schedules of gates [first, first + count), kScheduleSize bytes each; `count` is at most kChunk.
  void expand(const Purpose& purpose, std::size_t first, std::size_t count, Schedules& out) const;

 private:
  Label salt_;
  const GateKernels* kernels_;
};

/// The schedules for one purpose, a chunk of gates at a time, as gates are asked for in their order.
class GateKeys {
 public:
  GateKeys(const GateHash& hash, const GateHash::Purpose& purpose, std::size_t gates)
      : hash_(&hash), purpose_(purpose), gates_(gates) {}
  const std::byte* of(std::size_t gate);

 private:
  const GateHash* hash_;
  GateHash::Purpose purpose_;
  std::size_t gates_, begin_ = 0, end_ = 0;
  GateHash::Schedules schedules_;
};

}  // namespace tacit::gc
