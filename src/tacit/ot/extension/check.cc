#include "tacit/ot/extension/check.h"

#include "tacit/base/error.h"
#include "tacit/crypto/prg.h"
#include "tacit/ot/gf128.h"

namespace tacit::ot {

ColumnHash::ColumnHash(ByteView seed, std::size_t blocks, Isa isa)
    : kernels_(ot_kernels(isa)), factors_(blocks) {
  Prg(seed, isa).fill(0, 0, words(std::span(factors_)));
}

void ColumnHash::add(const Matrix& matrix, const Word* choices) {
  const std::size_t n = matrix.filled();
  ensure(next_ + n <= factors_.size(), "as many blocks as announced");
  const Word* factors = words(std::span(factors_)).data() + 2 * next_;
  for (std::size_t c = 0; c < 128; ++c)
    kernels_.multiply_add_words(matrix.column(c), factors, n, sums_[c].data());
  if (choices != nullptr) kernels_.multiply_add_words(choices, factors, n, sums_[128].data());
  next_ += n;
}

Hashed ColumnHash::finish(const Matrix& last, const Word* choices) {
  Hashed out;
  for (std::size_t c = 0; c < 128; ++c)
    out.columns[c] = reduce_half(sums_[c]) ^ last.column(c)[0] ^ last.column(c)[1];
  if (choices != nullptr) out.choices = reduce_half(sums_[128]) ^ choices[0] ^ choices[1];
  return out;
}

}  // namespace tacit::ot
