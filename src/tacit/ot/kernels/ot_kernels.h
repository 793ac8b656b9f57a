// The inner loops of oblivious transfer, one table an instruction set. Internal to ot/. Bit i of a row of
// bits is bit i % 64 of word i / 64; a block is two words. None branches on data or indexes by them, except
// `gather`, whose indices are public.
#pragma once

#include <cstdint>

#include "tacit/base/bytes.h"
#include "tacit/base/cpu.h"

namespace tacit::ot {

/// Indices that `gather` adds up for one block: the weight of the code of silent transfer.
constexpr std::size_t kGathered = 10;

struct OtKernels {
  /// 128 columns of 128·groups bits, one every `stride` words, to as many blocks: bit c of block i is bit i
  /// of column c.
  void (*transpose)(const Word* columns, std::size_t stride, std::size_t groups, Word* blocks);
  /// Of 2^width rows (width up to 4) of `words` words each, adds into `total` the sum of all, and into row l
  /// of `bits` (one every `stride` words) the sum of those whose number has bit l. Row 0 counts for `total`
  /// alone; where `total` is null it is not read.
  void (*fold)(const Word* rows, std::size_t words, unsigned width, Word* bits, std::size_t stride,
               Word* total);
  /// to[i] ^= from[i].
  void (*add)(const Word* from, Word* to, std::size_t words);
  /// to[i] ^= from[i] where `bit` is 1.
  void (*add_if)(Word bit, const Word* from, Word* to, std::size_t words);
  /// Adds the sum of the products of n pairs of polynomials over F_2, of 128 coefficients each and not
  /// reduced, to `sum` of four words.
  void (*multiply_add)(const Word* a, const Word* b, std::size_t n, Word* sum);
  /// The same of 2n pairs of 64 coefficients each, to two words.
  void (*multiply_add_words)(const Word* a, const Word* b, std::size_t n, Word* sum);
  /// Adds the sum of scalars[i]·(low half of block i) to sum[0], sum[1], and of the high halves to the next
  /// two.
  void (*scale_add)(const Word* scalars, const Word* blocks, std::size_t n, Word* sum);
  /// Bit i of `bits` becomes the lowest of block i; the last word is filled with zeros.
  void (*lowest_bits)(const Word* blocks, std::size_t n, Word* bits);
  /// The sum of n blocks.
  void (*sum)(const Word* blocks, std::size_t n, Word* out);
  /// blocks[at] ^= value, touching all of them.
  void (*add_at)(Word* blocks, std::size_t n, Word at, const Word* value);
  /// left[i] and right[i] become right[i] and left[i] ^ right[i]; gives the sum of the former.
  void (*branch)(Word* left, Word* right, std::size_t n, Word* sum);
  /// Sets the lowest bits of n blocks to 0.
  void (*clear_lowest)(Word* blocks, std::size_t n);
  /// out[i] ^= table[j] for each j = floor(size · r / 2^32) of the kGathered numbers r that are block i's.
  void (*gather)(const std::uint32_t* random, std::uint32_t size, const Word* table, Word* out,
                 std::size_t n);
};

/// Every variant of an instruction set that this processor runs, the best first.
std::vector<const OtKernels*> all_ot_kernels(Isa isa);
const OtKernels& ot_kernels(Isa isa);

}  // namespace tacit::ot
