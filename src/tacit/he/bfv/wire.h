// How polynomials travel: the id of the parameters, a kind, for some a label, and every residue in as many
// bits as its prime has, bit after bit. Internal to he/: callers use serialise.h.
#pragma once

#include <optional>

#include "tacit/he/bfv/bfv.h"

namespace tacit::he {

enum class Kind : std::uint8_t { kCiphertext = 1, kSeeded = 2, kPoly = 3, kReply = 4, kSwitchShare = 5 };

/// Bytes of `count` residues a limb.
std::size_t packed_bytes(const BfvContext& context, std::size_t count);
/// Bytes before them.
std::size_t head_bytes(bool labelled);

class WireWriter {
 public:
  /// `size` is that of the whole.
  WireWriter(const BfvContext& context, Kind kind, std::optional<std::uint64_t> label, std::size_t size);
  void bytes(ByteView raw);
  /// Limb after limb, `count` residues each.
  void residues(std::span<const Word> words, std::size_t count);
  Bytes finish();

 private:
  const BfvContext* context_;
  Bytes out_;
  std::size_t at_ = 0;
};

/// UsageError, saying what is wrong, for what is of another kind, made with other parameters, of another
/// size, another one than is due, or out of range.
class WireReader {
 public:
  WireReader(const BfvContext& context, ByteView bytes, Kind kind, std::optional<std::uint64_t> label,
             std::size_t size);
  ByteView bytes(std::size_t count);
  Poly residues(std::size_t count);

 private:
  const BfvContext* context_;
  ByteView body_;
};

}  // namespace tacit::he
