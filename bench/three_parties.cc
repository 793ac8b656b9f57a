#include "three_parties.h"

#include <nlohmann/json.hpp>

#include "tacit/mpc/table.h"

namespace tacit::bench {

using nlohmann::json;

std::vector<json> on_three_parties(const Context& context, std::string_view profile, unsigned threads,
                                   const std::function<json(Seat&)>& body) {
  return on_parties(context, 3, threads, [&](Party& party) {
    const auto engine = protocol_named("aby3").make(party, profile_named(profile));
    Seat seat{*engine, party};
    return body(seat);
  });
}

}  // namespace tacit::bench
