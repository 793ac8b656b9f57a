#include "tacit/gc/circuit/activation.h"

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"

namespace tacit::gc {

Word activation_word(Word opened, std::size_t bits, std::size_t shift) {
  const Word half = shift == 0 ? 0 : Word{1} << (shift - 1);
  return (opened + half) & (bits >= 64 ? ~Word{0} : (Word{1} << bits) - 1);
}

Bits masked_relu(Builder& c, const Bits& word, const Bits& mask, const Bits& next, std::size_t shift) {
  ensure(word.size() == mask.size() && shift < word.size() && next.size() + shift >= word.size(),
         "masks as wide as their words");
  const Bits x = subtract(c, word, mask);
  Bits y = relu(c, Bits(x.begin() + static_cast<std::ptrdiff_t>(shift), x.end()));
  y.resize(next.size(), Bit(false));
  return subtract(c, y, next);
}

}  // namespace tacit::gc
