#include "tacit/net/transport.h"

namespace tacit {

void Transport::transfer(std::span<const Outgoing> out, std::span<const Incoming> in) {
  for (const Outgoing& o : out) send(o.to, o.head, o.body);
  for (const Incoming& i : in) {
    i.accept(receive_head(i.from));
    receive_body(i.from, i.body);
  }
}

}  // namespace tacit
