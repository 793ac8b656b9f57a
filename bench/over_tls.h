// A stream of messages from one of two processes to the other over TLS, beside TLS alone moving as many
// bytes.
#pragma once

#include "parties.h"

namespace tacit::bench {

/// Runs `body`, which makes `items` of something and sends most of its bytes from party `from`, and the same
/// bytes alone, in turn, so that both see the machine in the same state. To be called by both parties.
nlohmann::json beside_tls(Party& party, PartyId from, std::size_t items, const std::function<void()>& body);
/// Figures NAME_per_second, _bytes, _tls_gbytes_per_second and _share_of_tls, from what both parties
/// returned.
void add_beside_tls(Context& c, const std::string& name, const std::string& items,
                    const std::vector<nlohmann::json>& all);

}  // namespace tacit::bench
