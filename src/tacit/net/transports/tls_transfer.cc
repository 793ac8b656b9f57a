#include "tacit/net/transports/tls_transfer.h"

#include <poll.h>

namespace tacit {

void tls_transfer(std::span<const Outgoing> out, std::span<const Incoming> in,
                  const std::function<std::shared_ptr<TlsLink>(PartyId)>& link_to,
                  const std::function<void(const TlsLink&)>& fail,
                  const std::function<void(std::span<const LinkWant>)>& wait) {
  /// Lends its message to the link for as long as the step lasts, however it ends.
  struct Sending {
    explicit Sending(std::shared_ptr<TlsLink> l) : link(std::move(l)) {}
    Sending(Sending&&) = default;
    ~Sending() {
      if (link) link->keep();
    }
    std::shared_ptr<TlsLink> link;
    bool complete = false;
  };
  struct Receiving {
    std::shared_ptr<TlsLink> link;
    bool accepted = false;
    std::size_t filled = 0;
    bool complete = false;
  };
  std::vector<Sending> sending;
  std::vector<Receiving> receiving;
  sending.reserve(out.size());
  for (const Outgoing& o : out) {
    sending.emplace_back(link_to(o.to));
    sending.back().link->lend(o.head, o.body);
  }
  for (const Incoming& i : in) receiving.push_back({link_to(i.from)});
  for (;;) {
    std::vector<LinkWant> wants;
    bool moved = false;
    bool sent = true;
    for (Sending& s : sending) {
      if (s.complete) continue;
      s.complete = s.link->push(moved);
      if (s.link->ended()) fail(*s.link);
      sent &= s.complete;
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
      Receiving& r = receiving[i];
      if (r.complete) continue;
      if (!r.accepted) {
        if (const auto head = r.link->poll_head()) {
          in[i].accept(*head);
          r.accepted = true;
        }
      }
      if (r.accepted) {
        const std::size_t before = r.filled;
        r.complete = r.link->poll_body(in[i].body, r.filled);
        moved |= r.complete || r.filled != before;
      }
      if (r.complete) continue;
      if (r.link->ended()) fail(*r.link);
      wants.push_back({r.link.get(), POLLIN});
    }
    if (sent && wants.empty()) return;
    if (!moved) wait(wants);
  }
}

}  // namespace tacit
