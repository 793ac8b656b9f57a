#include "tacit/net/transport.h"

namespace tacit {

PeerError gave_up(std::span<const std::string> names, const std::string& peer, const std::string& reason) {
  for (const std::string& name : names)
    if (name != peer && reason.starts_with(name + " ")) return PeerError(name, reason);
  return PeerError(peer, fmt::format("{} gave up: {}", peer, reason));
}

void Transport::transfer(std::span<const Outgoing> out, std::span<const Incoming> in) {
  for (const Outgoing& o : out) send(o.to, o.head, o.body);
  for (const Incoming& i : in) {
    i.accept(receive_head(i.from));
    receive_body(i.from, i.body);
  }
}

}  // namespace tacit
