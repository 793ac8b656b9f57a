// A server's part of a split model: as it is, and behind a right digest, which no fuzzer would guess.
#include "fuzz.h"
#include "tacit/crypto/hash.h"
#include "tacit/split/seco/parts.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit::fuzz {

// mode | the part without its digest, or with it
void target(ByteView input) {
  Cursor cursor(input);
  const bool with_digest = (cursor.byte() & 1) != 0;
  const ByteView rest = cursor.rest();
  Bytes file(rest.begin(), rest.end());
  if (!with_digest) append_bytes(file, sha256(file));
  const seco::Part part = seco::read_part(file, "fuzz");
  // What was taken can be written, and is a part again.
  const Bytes again = seco::to_bytes(part);
  if (seco::to_bytes(seco::read_part(again, "again")) != again) __builtin_trap();
  seco::face_of(part.network);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const auto& [name, graph] : testing::split_models()) {
    const seco::Model model = seco::split_model(graph, {32, 10});
    for (const seco::Part& p :
         seco::cut(model, name, {"a", "b"}, seco::place_layers(model.network, 2, 1, true))) {
      const std::string bytes(text_of(seco::to_bytes(p)));
      out.push_back(std::string(1, '\0') + bytes.substr(0, bytes.size() - sizeof(Digest)));
      if (p.self == 0) out.push_back('\1' + bytes);
    }
  }
  return out;
}

}  // namespace tacit::fuzz
