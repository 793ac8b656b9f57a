#include "tacit/party/party.h"

namespace tacit {

Party::Party(PartyId self, std::vector<std::string> names, Transport& wire, const SessionKeys& keys, Compute compute)
    : self_(self), names_(std::move(names)), coins_(keys, compute.kernels.isa), compute_(compute) {
  for (std::size_t i = 0; i < names_.size(); ++i) channels_.emplace_back(wire, meter_, party_id(i), names_[i]);
}

void Party::exchange(std::string_view tag, std::span<const Word> to_next, std::span<const Word> to_prev,
                     std::span<Word> from_next, std::span<Word> from_prev) {
  // Both messages of a round leave before either of the peers' is taken, so they carry one depth.
  to(next()).send(tag, to_next);
  to(prev()).send(tag, to_prev);
  to(prev()).receive(tag, from_prev);
  to(next()).receive(tag, from_next);
}

}  // namespace tacit
