#include "tacit/net/transport.h"

#include <algorithm>

namespace tacit {

PeerError gave_up(std::span<const std::string> names, const std::string& peer, const std::string& reason) {
  // Who saw it is the other end of what broke, whoever passed it on.
  const bool said = std::any_of(names.begin(), names.end(),
                                [&](const std::string& name) { return reason.ends_with(", says " + name); });
  for (const std::string& name : names)
    if (name != peer && reason.starts_with(name + " "))
      return PeerError(name, said ? reason : fmt::format("{}, says {}", reason, peer));
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
