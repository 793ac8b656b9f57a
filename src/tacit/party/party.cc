#include "tacit/party/party.h"

#include "tacit/party/judged.h"

namespace tacit {

Party::Party(PartyId self, std::vector<std::string> names, Transport& wire, const SessionKeys& keys,
             Compute compute)
    : self_(self),
      names_(std::move(names)),
      wire_(wire),
      coins_(keys, compute.kernels.isa),
      compute_(compute) {
  for (std::size_t i = 0; i < names_.size(); ++i)
    channels_.emplace_back(wire, meter_, party_id(i), names_[i]);
}

// The messages of a round are stamped before any is received, so they carry one depth.

std::vector<Bytes> Party::tell_all(std::string_view tag, ByteView own) {
  std::vector<Bytes> all(count(), Bytes(own.begin(), own.end()));
  for (std::size_t i = 0; i < count(); ++i)
    if (party_id(i) != self_) to(party_id(i)).send(tag, own);
  for (std::size_t i = 0; i < count(); ++i)
    if (party_id(i) != self_) to(party_id(i)).receive(tag, ByteSpan(all[i]));
  return all;
}

std::vector<Bytes> Party::tell_all(std::string_view tag, ByteView own, std::size_t limit) {
  std::vector<Bytes> all(count(), Bytes(own.begin(), own.end()));
  for (std::size_t i = 0; i < count(); ++i)
    if (party_id(i) != self_) to(party_id(i)).send(tag, own);
  for (std::size_t i = 0; i < count(); ++i)
    if (party_id(i) != self_) all[i] = to(party_id(i)).receive_up_to(tag, limit);
  return all;
}

void Party::wait_until_all_have_judged() { tacit::wait_until_all_have_judged(channels_, self_); }

void Party::trade(std::string_view tag, std::span<const ByteView> to_each,
                  std::span<const ByteSpan> from_each) {
  std::vector<Outgoing> out;
  std::vector<Incoming> in;
  for (std::size_t i = 0; i < count(); ++i)
    if (party_id(i) != self_) out.push_back(to(party_id(i)).outgoing(tag, to_each[i]));
  for (std::size_t i = 0; i < count(); ++i)
    if (party_id(i) != self_) in.push_back(to(party_id(i)).incoming(tag, from_each[i]));
  wire_.transfer(out, in);
}

void Party::exchange(std::string_view tag, std::span<const Word> to_next, std::span<const Word> to_prev,
                     std::span<Word> from_next, std::span<Word> from_prev) {
  const Outgoing out[] = {to(next()).outgoing(tag, std::as_bytes(to_next)),
                          to(prev()).outgoing(tag, std::as_bytes(to_prev))};
  const Incoming in[] = {to(prev()).incoming(tag, std::as_writable_bytes(from_prev)),
                         to(next()).incoming(tag, std::as_writable_bytes(from_next))};
  wire_.transfer(out, in);
}

void Party::pass_on(std::string_view tag, std::span<const Word> to_next, std::span<Word> from_prev) {
  const Outgoing out[] = {to(next()).outgoing(tag, std::as_bytes(to_next))};
  const Incoming in[] = {to(prev()).incoming(tag, std::as_writable_bytes(from_prev))};
  wire_.transfer(out, in);
}

void Party::pass_back(std::string_view tag, std::span<const Word> to_prev, std::span<Word> from_next) {
  const Outgoing out[] = {to(prev()).outgoing(tag, std::as_bytes(to_prev))};
  const Incoming in[] = {to(next()).incoming(tag, std::as_writable_bytes(from_next))};
  wire_.transfer(out, in);
}

}  // namespace tacit
