#include "tacit/ot/extension/columns.h"

#include "tacit/base/error.h"

namespace tacit::ot {

namespace {
constexpr std::size_t kRoundKeys = 176;
constexpr unsigned kFolded = 4;  ///< bits of a leaf's number that one call of the kernel folds
}  // namespace

void Matrix::rows(const OtKernels& kernels, std::span<Block> out) const {
  const std::size_t whole = out.size() / 128, rest = out.size() % 128;
  kernels.transpose(column(0), kStride, whole, words(out).data());
  if (rest == 0) return;
  Block last[128];
  kernels.transpose(column(0) + 2 * whole, kStride, 1, words(std::span<Block>(last)).data());
  std::copy_n(last, rest, out.data() + 128 * whole);
}

Columns::Columns(Groups groups, const SecretBytes& seeds, Isa isa)
    : groups_(groups),
      kernels_(ot_kernels(isa)),
      aes_(aes_kernels(isa).front()),
      round_keys_(kRoundKeys * groups.all_leaves()),
      rows_((std::size_t{1} << kFolded) * kBlockTransfers / 64) {
  ensure(seeds.size() == 16 * groups.all_leaves(), "a seed for every leaf");
  for (std::size_t i = 0; i < groups.all_leaves(); ++i)
    expand_aes_key(seeds.bytes().data() + 16 * i, round_keys_.bytes().data() + kRoundKeys * i);
}

void Columns::make(Matrix& matrix, std::size_t n, Word* totals) {
  matrix.clear(n);
  const std::size_t row = 2 * n;
  const std::byte* keys = round_keys_.bytes().data();
  std::vector<Word> subtotal(row);
  for (std::size_t g = 0; g < groups_.count(); ++g) {
    const unsigned low = std::min(groups_.width(g), kFolded);
    const std::size_t some = std::size_t{1} << low, first = groups_.first(g);
    for (std::size_t upper = 0; upper < groups_.leaves(g); upper += some) {
      const bool known = totals != nullptr || upper > 0;
      for (std::size_t i = known ? 0 : 1; i < some; ++i)
        aes_(keys + kRoundKeys * (upper + i), 0, next_, rows_.data() + i * row, n);
      Word* total = totals != nullptr ? totals + g * row : nullptr;
      if (upper > 0) {
        std::fill(subtotal.begin(), subtotal.end(), 0);
        kernels_.fold(rows_.data(), row, low, matrix.column(first), Matrix::kStride, subtotal.data());
        for (unsigned l = low; l < groups_.width(g); ++l)
          if ((upper >> l & 1) == 1) kernels_.add(subtotal.data(), matrix.column(first + l), row);
        if (total != nullptr) kernels_.add(subtotal.data(), total, row);
      } else {
        kernels_.fold(rows_.data(), row, low, matrix.column(first), Matrix::kStride, total);
      }
    }
    keys += kRoundKeys * groups_.leaves(g);
  }
  next_ += n;
}

}  // namespace tacit::ot
