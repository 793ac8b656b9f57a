// The consistency check against a receiver that uses different choices in different columns (Roy,
// "SoftSpokenOT", 2022: the check of subspace VOLE; with one bit a group it stands in for that of Keller,
// Orsini and Scholl, 2015, whose proof has a gap). A universal hash R, of a seed that the sender draws once
// all corrections are in, takes each column to 64 bits: R(c) = sum of X_b·c_b over GF(2^64), plus a last
// block of random transfers, which serve nothing else, that hides the result. The receiver sends R of its
// choices and of its columns; the sender compares. A forged batch passes with 2^-64, or by guessing bits of
// Δ, each of which halves the chance.
#pragma once

#include <array>

#include "tacit/ot/extension/columns.h"

namespace tacit::ot {

/// What R makes of 128 columns, and of the choices.
struct Hashed {
  std::array<Word, 128> columns{};
  Word choices = 0;
};

class ColumnHash {
 public:
  static constexpr std::size_t kSeed = 16;
  /// For up to `blocks` times 128 transfers.
  ColumnHash(ByteView seed, std::size_t blocks, Isa isa);
  /// The next matrices, of `choices` (none at the sender's end).
  void add(const Matrix& matrix, const Word* choices);
  /// The block that hides, and the result.
  Hashed finish(const Matrix& last, const Word* choices);

 private:
  const OtKernels& kernels_;
  std::vector<Block> factors_;
  std::size_t next_ = 0;
  std::array<std::array<Word, 2>, 129> sums_{};
};

}  // namespace tacit::ot
