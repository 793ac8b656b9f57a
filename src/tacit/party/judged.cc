#include "tacit/party/judged.h"

#include "tacit/base/error.h"

namespace tacit {

void wait_until_all_have_judged(std::span<Channel> parties, PartyId self) {
  auto each_peer = [&](auto&& act) {
    for (std::size_t i = 0; i < parties.size(); ++i) {
      if (i == index(self)) continue;
      try {
        act(parties[i]);
      } catch (const PeerError&) {
        // It has left already, or does not wait: what was found stands.
      }
    }
  };
  each_peer([](Channel& peer) { peer.send("judged", ByteView()); });
  each_peer([](Channel& peer) { peer.receive("judged", ByteSpan()); });
}

}  // namespace tacit
