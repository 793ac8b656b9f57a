// One step's messages over several TLS links, moved at once in both directions.
#pragma once

#include <functional>
#include <memory>

#include "tacit/net/transport.h"
#include "tacit/net/transports/tls_link.h"

namespace tacit {

/// What is waited for: a link, and events of poll().
struct LinkWant {
  const TlsLink* link;
  short events;
};

/// Transport::transfer. `fail` throws the error of a link that has ended; `wait` waits until a link may be
/// ready for what is wanted of it, or may take more of what is to be written.
void tls_transfer(std::span<const Outgoing> out, std::span<const Incoming> in,
                  const std::function<std::shared_ptr<TlsLink>(PartyId)>& link_to,
                  const std::function<void(const TlsLink&)>& fail,
                  const std::function<void(std::span<const LinkWant>)>& wait);

}  // namespace tacit
