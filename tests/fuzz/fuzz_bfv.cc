// Ciphertexts, keys and replies of homomorphic encryption: as they are, and behind a right head and of the
// right size, which no fuzzer would guess.
#include <algorithm>

#include "fuzz.h"
#include "tacit/he/bfv/serialise.h"

namespace tacit::fuzz {

namespace {
constexpr std::size_t kWanted = 5;
constexpr std::uint64_t kLabel = 3;

const he::BfvContext& whole() {
  static const he::BfvContext context(he::BfvParameters::standard(Word{1} << 20, 4096));
  return context;
}
const he::BfvContext& few() {
  static const he::BfvContext context(whole().parameters().first_primes(1));
  return context;
}

/// Reads one kind of thing; what was taken is written as the same bytes.
void read(unsigned kind, ByteView bytes) {
  Bytes again;
  if (kind == 0) again = he::to_bytes(whole(), he::read_ciphertext(whole(), bytes, 10));
  if (kind == 1) again = he::to_bytes(whole(), he::read_seeded(whole(), bytes));
  if (kind == 2) again = he::to_bytes(whole(), he::read_poly(whole(), bytes));
  if (kind == 3) again = he::to_bytes(few(), he::read_reply(few(), bytes, kLabel, kWanted, 10), kLabel);
  if (!std::ranges::equal(again, bytes)) __builtin_trap();
}

/// One that is right, of zeros but for its head.
Bytes zeros(unsigned kind) {
  he::Randomness random;
  static const he::SecretKey key(whole(), random);
  Bytes out;
  if (kind < 2) {
    const auto seeded = key.encrypt({}, random);
    out = kind == 0 ? he::to_bytes(whole(), he::expand(whole(), seeded)) : he::to_bytes(whole(), seeded);
  } else if (kind == 2) {
    out = he::to_bytes(whole(), he::expand(whole(), key.encrypt({}, random)).c1);
  } else {
    he::Workspace workspace;
    const std::size_t places[kWanted] = {0, 1, 2, 3, 4};
    const he::ModulusSwitch change(whole(), few());
    out = he::to_bytes(
        few(), change.reply(he::expand(whole(), key.encrypt({}, random)), places, 1, workspace), kLabel);
  }
  std::fill(out.begin() + (kind == 3 ? 41 : 33), out.end(), std::byte{0});
  return out;
}
}  // namespace

// mode | where (16 bits) | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned mode = cursor.byte(), kind = mode & 3;
  if ((mode & 4) == 0) return read(kind, cursor.rest());
  static const Bytes good[] = {zeros(0), zeros(1), zeros(2), zeros(3)};
  Bytes bytes = good[kind];
  const std::size_t at = cursor.number() % bytes.size();
  const ByteView rest = cursor.rest();
  if ((mode & 8) != 0) bytes.resize(bytes.size() - at % 64);
  std::copy_n(rest.begin(), std::min(rest.size(), bytes.size() > at ? bytes.size() - at : 0),
              bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at, bytes.size())));
  read(kind, bytes);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (char kind = 0; kind < 4; ++kind) {
    out.push_back(kind + std::string(text_of(zeros(static_cast<unsigned>(kind)))).substr(0, 4000));
    for (const char* more : {"", "\x40\x01 something", "\x01\x01 else"})
      for (const char mode : {char(4), char(12)})
        out.push_back(std::string(1, static_cast<char>(mode | kind)) + more);
  }
  return out;
}

}  // namespace tacit::fuzz
