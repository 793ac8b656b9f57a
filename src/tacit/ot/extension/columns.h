// What both ends of an extension compute: each leaf's generator gives a row of bits, and each group's rows
// are folded into its columns, one a bit of Δ (Roy, "SoftSpokenOT", 2022: VOLE over small fields). Bit i of
// the columns belongs to transfer i of a block; the generators never give a bit twice.
#pragma once

#include <vector>

#include "tacit/base/secret_bytes.h"
#include "tacit/crypto/block.h"
#include "tacit/crypto/kernels/aes.h"
#include "tacit/ot/extension/groups.h"
#include "tacit/ot/kernels/ot_kernels.h"

namespace tacit::ot {

/// Transfers that are computed at once, so that all of it stays in the nearer caches.
constexpr std::size_t kBlockTransfers = 4096;
/// Transfers in one message, of 1 MiB at most.
constexpr std::size_t kMessageTransfers = 16384;

/// 128 columns of one block of transfers, which is a multiple of 128.
class Matrix {
 public:
  /// Not a multiple of the cache's ways, which columns would otherwise compete for.
  static constexpr std::size_t kStride = kBlockTransfers / 64 + 8;
  Matrix() : words_(128 * kStride) {}
  Word* column(std::size_t i) { return words_.data() + i * kStride; }
  const Word* column(std::size_t i) const { return words_.data() + i * kStride; }
  /// Groups of 128 transfers in it.
  std::size_t filled() const { return filled_; }
  void clear(std::size_t groups) {
    filled_ = groups;
    for (std::size_t c = 0; c < 128; ++c) std::fill_n(column(c), 2 * groups, Word{0});
  }
  /// The first `out.size()` transfers' rows.
  void rows(const OtKernels& kernels, std::span<Block> out) const;

 private:
  std::vector<Word> words_;
  std::size_t filled_ = 0;
};

class Columns {
 public:
  /// `seeds`: leaf after leaf, 16 bytes each.
  Columns(Groups groups, const SecretBytes& seeds, Isa isa);

  /// The columns of the next 128·n transfers. Where `totals` is given, group g's sum over all leaves is added
  /// to totals[2n·g...]; else leaf 0 of each group is left out.
  void make(Matrix& matrix, std::size_t n, Word* totals);
  Groups groups() const { return groups_; }

 private:
  Groups groups_;
  const OtKernels& kernels_;
  AesKernel aes_;
  SecretBytes round_keys_;
  std::vector<Word> rows_;
  std::uint64_t next_ = 0;
};

}  // namespace tacit::ot
