#include "tacit/he/bfv/wire.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::he {

namespace {

/// The low `bits` bits of each word, little-endian, as whole bytes; where they end.
std::byte* pack(std::span<const Word> words, unsigned bits, std::byte* to) {
  Wide pending = 0;
  unsigned held = 0;
  for (Word w : words) {
    pending |= static_cast<Wide>(w) << held;
    for (held += bits; held >= 8; held -= 8, pending >>= 8) *to++ = static_cast<std::byte>(pending);
  }
  if (held > 0) *to++ = static_cast<std::byte>(pending);
  return to;
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

}  // namespace

std::size_t packed_bytes(const BfvContext& context, std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < context.ring().limbs(); ++i)
    bytes += (count * context.ring().modulus(i).bits() + 7) / 8;
  return bytes;
}
std::size_t head_bytes(bool labelled) { return sizeof(Digest) + 1 + (labelled ? sizeof(std::uint64_t) : 0); }

WireWriter::WireWriter(const BfvContext& context, Kind kind, std::optional<std::uint64_t> label,
                       std::size_t size)
    : context_(&context), out_(size) {
  bytes(context.id());
  bytes(std::as_bytes(std::span(&kind, 1)));
  if (label) bytes(std::as_bytes(std::span(&*label, 1)));
}

void WireWriter::bytes(ByteView raw) {
  ensure(raw.size() <= out_.size() - at_, "room for what is written");
  std::copy(raw.begin(), raw.end(), out_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ += raw.size();
}

Bytes WireWriter::finish() {
  ensure(at_ == out_.size(), "as many bytes as were declared");
  return std::move(out_);
}

void WireWriter::residues(std::span<const Word> words, std::size_t count) {
  const Ring& ring = context_->ring();
  ensure(words.size() == ring.limbs() * count, "residues for every limb");
  ensure(packed_bytes(*context_, count) <= out_.size() - at_, "room for what is written");
  std::byte* to = out_.data() + at_;
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    to = pack(words.subspan(i * count, count), ring.modulus(i).bits(), to);
  at_ = static_cast<std::size_t>(to - out_.data());
}

WireReader::WireReader(const BfvContext& context, ByteView bytes, Kind kind,
                       std::optional<std::uint64_t> label, std::size_t size)
    : context_(&context) {
  const std::size_t head = head_bytes(label.has_value());
  require(bytes.size() >= head_bytes(false), "{} bytes are no ciphertext", bytes.size());
  require(std::equal(context.id().begin(), context.id().end(), bytes.begin()),
          "the ciphertext was made with other parameters: both ends must use the same");
  require(bytes[sizeof(Digest)] == static_cast<std::byte>(kind), "this is another kind of ciphertext or key");
  require(bytes.size() == size, "a ciphertext of {} bytes, where {} are due", bytes.size(), size);
  if (label) {
    const auto found = read_at<std::uint64_t>(bytes, head_bytes(false));
    require(found == *label, "ciphertext number {}, where number {} is due", found, *label);
  }
  body_ = bytes.subspan(head);
}

ByteView WireReader::bytes(std::size_t count) {
  const ByteView out = body_.first(count);
  body_ = body_.subspan(count);
  return out;
}

Poly WireReader::residues(std::size_t count) {
  const Ring& ring = context_->ring();
  Poly out(ring.limbs() * count);
  for (std::size_t i = 0; i < ring.limbs(); ++i) {
    const unsigned bits = ring.modulus(i).bits();
    require(unpack(bytes((count * bits + 7) / 8), bits, ring.modulus(i).value(),
                   std::span(out).subspan(i * count, count)),
            "a ciphertext with numbers out of range: it was damaged, or made by another program");
  }
  return out;
}

}  // namespace tacit::he
