// Stored correlations: the bytes themselves, the sealed stream around them, and the two together behind right
// tags, which no fuzzer would guess.
#include <algorithm>

#include "fuzz.h"
#include "tacit/crypto/aead.h"
#include "tacit/split/seco/correlation_store.h"
#include "tacit/split/seco/testing/correlations.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::fuzz {

namespace {
const seco::Network& network() {
  static const seco::Network n = seco::split_model(testing::split_models()[0].graph, {32, 10}).network;
  return n;
}
const seco::Circuits& circuits() {
  static const seco::Circuits c(network(), 2);
  return c;
}
const Bytes kKey(kSealKeySize, std::byte{7});

Bytes sealed(ByteView plain) {
  MemoryWriter to;
  Sealer sealer(kKey, bytes_of("fuzz"), to);
  sealer.write(plain);
  sealer.finish();
  return to.bytes;
}
/// What is taken is a correlation: saved again it is the same.
void load(ByteReader& from, ByteView same_as) {
  MemoryWriter again;
  seco::save(seco::load_correlation(network(), circuits(), party_id(0), from), again);
  if (!std::ranges::equal(again.bytes, same_as.first(std::min(same_as.size(), again.bytes.size()))))
    __builtin_trap();
}
}  // namespace

// mode | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned mode = cursor.byte() % 3;
  const ByteView rest = cursor.rest();
  if (mode == 0) {
    MemoryReader from(rest);
    return load(from, rest);
  }
  const Bytes stream = mode == 1 ? Bytes(rest.begin(), rest.end()) : sealed(rest);
  MemoryReader from(stream);
  Opener opener(kKey, bytes_of("fuzz"), from, stream.size());
  if (mode == 1) {
    Bytes plain(stream.size());
    opener.read(plain);  // never as many
    __builtin_trap();
  }
  load(opener, rest);
  opener.finish();
}

std::vector<std::string> seeds() {
  MemoryWriter to;
  seco::save(testing::some_correlation(network(), circuits(), 1), to);
  const std::string good(text_of(to.bytes));
  return {std::string(1, '\0') + good, '\1' + std::string(text_of(sealed(bytes_of("something")))),
          '\2' + good};
}

}  // namespace tacit::fuzz
