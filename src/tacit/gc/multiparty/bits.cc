#include "tacit/gc/multiparty/bits.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

namespace {
Word low_mask(std::size_t count) { return count >= 64 ? ~Word{0} : (Word{1} << count) - 1; }
}  // namespace

ByteView packed(std::span<const Word> bits, std::size_t count) {
  ensure(words_for(count) <= bits.size(), "as many bits as there are words for");
  return std::as_bytes(bits).first(bytes_for(count));
}
ByteSpan packed(std::span<Word> bits, std::size_t count) {
  ensure(words_for(count) <= bits.size(), "as many bits as there are words for");
  return std::as_writable_bytes(bits).first(bytes_for(count));
}

Word bits_at(const Word* from, std::size_t at, std::size_t count) {
  const std::size_t word = at / 64, within = at % 64;
  Word out = from[word] >> within;
  if (within + count > 64) out |= from[word + 1] << (64 - within);
  return out & low_mask(count);
}

void put_bits(Word* to, std::size_t at, std::size_t count, Word bits) {
  const std::size_t word = at / 64, within = at % 64;
  const Word mask = low_mask(count);
  bits &= mask;
  to[word] = (to[word] & ~(mask << within)) | bits << within;
  if (within + count > 64) to[word + 1] = (to[word + 1] & ~(mask >> (64 - within))) | bits >> (64 - within);
}

void copy_bits(const Word* from, std::size_t from_at, Word* to, std::size_t to_at, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 64) {
    const std::size_t now = std::min<std::size_t>(64, count - i);
    put_bits(to, to_at + i, now, bits_at(from, from_at + i, now));
  }
}
void xor_bits(const Word* from, std::size_t from_at, Word* to, std::size_t to_at, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 64) {
    const std::size_t now = std::min<std::size_t>(64, count - i);
    put_bits(to, to_at + i, now, bits_at(from, from_at + i, now) ^ bits_at(to, to_at + i, now));
  }
}

void put_colours(std::span<const Label> labels, Word* to, std::size_t at) {
  for (std::size_t i = 0; i < labels.size(); i += 64) {
    const std::size_t now = std::min<std::size_t>(64, labels.size() - i);
    Word bits = 0;
    for (std::size_t k = 0; k < now; ++k) bits |= colour(labels[i + k]) << k;
    put_bits(to, at + i, now, bits);
  }
}

}  // namespace tacit::gc
