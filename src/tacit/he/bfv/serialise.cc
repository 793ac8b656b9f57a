#include "tacit/he/bfv/serialise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tacit/base/error.h"

namespace tacit::he {

namespace {

enum class Kind : std::uint8_t { Ciphertext = 1, Seeded = 2, Poly = 3 };
constexpr std::size_t kHead = sizeof(Digest) + 1;

std::size_t packed_bytes(const BfvContext& context) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < context.ring().limbs(); ++i)
    bytes += (context.ring().degree() * context.ring().modulus(i).bits() + 7) / 8;
  return bytes;
}

/// Appends the low `bits` bits of each word, little-endian, to whole bytes.
void pack(std::span<const Word> words, unsigned bits, Bytes& out) {
  const std::size_t begin = out.size(), size = (words.size() * bits + 7) / 8;
  out.resize(begin + size);
  std::byte* to = out.data() + begin;
  Wide pending = 0;
  unsigned held = 0;
  for (Word w : words) {
    pending |= static_cast<Wide>(w) << held;
    for (held += bits; held >= 8; held -= 8, pending >>= 8) *to++ = static_cast<std::byte>(pending);
  }
  if (held > 0) *to = static_cast<std::byte>(pending);
}

/// Takes what pack() wrote; false if a number is not below `bound`, or bits that are no number's are not 0.
bool unpack(ByteView in, unsigned bits, Word bound, std::span<Word> out) {
  const Word mask = (Word{1} << bits) - 1;
  Wide pending = 0;
  unsigned held = 0;
  std::size_t at = 0;
  bool fits = true;
  for (Word& w : out) {
    for (; held < bits; held += 8) pending |= static_cast<Wide>(std::to_integer<Word>(in[at++])) << held;
    w = static_cast<Word>(pending) & mask;
    pending >>= bits;
    held -= bits;
    fits &= w < bound;
  }
  return fits && pending == 0;
}

void write_poly(const BfvContext& context, const Poly& p, Bytes& out) {
  const Ring& ring = context.ring();
  ensure(p.size() == ring.words(), "a polynomial of the ring");
  for (std::size_t i = 0; i < ring.limbs(); ++i) pack(ring.part(p, i), ring.modulus(i).bits(), out);
}

Bytes head_of(const BfvContext& context, Kind kind, std::size_t size) {
  Bytes out;
  out.reserve(size);
  append_bytes(out, context.id());
  out.push_back(static_cast<std::byte>(kind));
  return out;
}

ByteView checked_body(const BfvContext& context, ByteView bytes, Kind kind, std::size_t size) {
  require(bytes.size() >= kHead, "{} bytes are no ciphertext", bytes.size());
  require(std::equal(context.id().begin(), context.id().end(), bytes.begin()),
          "the ciphertext was made with other parameters: both ends must use the same");
  require(bytes[sizeof(Digest)] == static_cast<std::byte>(kind), "this is another kind of ciphertext or key");
  require(bytes.size() == size, "a ciphertext of {} bytes, where {} are due", bytes.size(), size);
  return bytes.subspan(kHead);
}

Poly read_words(const BfvContext& context, ByteView& body) {
  const Ring& ring = context.ring();
  Poly out(ring.words());
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const unsigned bits = ring.modulus(i).bits();
    const std::size_t size = (ring.degree() * bits + 7) / 8;
    require(unpack(body.first(size), bits, ring.modulus(i).value(), ring.part(out, i)),
            "a ciphertext with numbers out of range: it was damaged, or made by another program");
    body = body.subspan(size);
  }
  return out;
}

}  // namespace

std::size_t ciphertext_bytes(const BfvContext& context) { return kHead + 2 * packed_bytes(context); }
std::size_t seeded_bytes(const BfvContext& context) { return kHead + Prg::kKeySize + packed_bytes(context); }
std::size_t poly_bytes(const BfvContext& context) { return kHead + packed_bytes(context); }

Bytes to_bytes(const BfvContext& context, const Ciphertext& c) {
  Bytes out = head_of(context, Kind::Ciphertext, ciphertext_bytes(context));
  write_poly(context, c.c0, out);
  write_poly(context, c.c1, out);
  return out;
}
Bytes to_bytes(const BfvContext& context, const SecretKey::Seeded& c) {
  Bytes out = head_of(context, Kind::Seeded, seeded_bytes(context));
  append_bytes(out, c.seed);
  write_poly(context, c.c0, out);
  return out;
}
Bytes to_bytes(const BfvContext& context, const Poly& p) {
  Bytes out = head_of(context, Kind::Poly, poly_bytes(context));
  write_poly(context, p, out);
  return out;
}

Ciphertext read_ciphertext(const BfvContext& context, ByteView bytes, double noise) {
  ByteView body = checked_body(context, bytes, Kind::Ciphertext, ciphertext_bytes(context));
  Ciphertext out;
  out.c0 = read_words(context, body);
  out.c1 = read_words(context, body);
  out.noise = noise;
  return out;
}
SecretKey::Seeded read_seeded(const BfvContext& context, ByteView bytes) {
  ByteView body = checked_body(context, bytes, Kind::Seeded, seeded_bytes(context));
  SecretKey::Seeded out;
  std::copy_n(body.begin(), Prg::kKeySize, out.seed.begin());
  body = body.subspan(Prg::kKeySize);
  out.c0 = read_words(context, body);
  out.noise = SecretKey::fresh_noise();
  return out;
}
Poly read_poly(const BfvContext& context, ByteView bytes) {
  ByteView body = checked_body(context, bytes, Kind::Poly, poly_bytes(context));
  return read_words(context, body);
}

}  // namespace tacit::he
