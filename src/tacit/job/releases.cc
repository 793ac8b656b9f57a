#include "tacit/job/releases.h"

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"

namespace tacit {

using nlohmann::json;

std::string to_text(const ReleaseHead& head) {
  return json{{"what", head.what}, {"note", head.note}, {"shape", head.shape}, {"frac", head.frac}}.dump();
}

ReleaseHead parse_release_head(std::string_view text, const std::string& party) {
  try {
    const json j = json::parse(text);
    ReleaseHead head{j.at("what").get<std::string>(), j.at("note").get<std::string>(),
                     whole_numbers<Shape>(j.at("shape")), whole_number<unsigned>(j.at("frac"))};
    if (head.frac < 64 && elements(head.shape) < (std::size_t{1} << 32)) return head;
  } catch (const std::exception&) {}
  throw PeerError(party, fmt::format("{} sent a release that cannot be read", party));
}

std::optional<PublicTensor> Releases::tell(std::string_view what, const std::string& note, const Shape& shape,
                                           Revealed revealed) {
  if (revealed.summand) {
    const std::string head = to_text({std::string(what), note, shape, revealed.frac});
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      if (!revealed.recipients.has(party_id(i)) || owners_[i] == nullptr) continue;
      try {
        owners_[i]->send("release.head", bytes_of(head));
        owners_[i]->send("release.words", std::span<const Word>(revealed.summand->words));
      } catch (const PeerError& e) {
        if (!lost) throw;
        lost(party_id(i), e);
      }
    }
  }
  return std::move(revealed.opened);
}

}  // namespace tacit
