// What a protocol sees of the world: who it is, a channel to each other party, coins, a meter, and where to
// compute. Used by one thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tacit/net/channel.h"
#include "tacit/party/coins.h"
#include "tacit/ring/compute.h"

namespace tacit {

class Party {
 public:
  /// `names` are the compute parties in the job's order; `self` is one of them.
  Party(PartyId self, std::vector<std::string> names, Transport& wire, const SessionKeys& keys,
        Compute compute);
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  PartyId id() const { return self_; }
  std::size_t count() const { return names_.size(); }
  const std::string& name(PartyId id) const { return names_[index(id)]; }
  PartyId next() const { return party_id((index(self_) + 1) % count()); }
  PartyId prev() const { return party_id((index(self_) + count() - 1) % count()); }

  Channel& to(PartyId peer) { return channels_[index(peer)]; }
  Coins& coins() { return coins_; }
  Meter& meter() { return meter_; }
  const Compute& compute() const { return compute_; }

  /// One round in which everyone tells everyone: what each party said, one's own words included. The first
  /// takes messages of the size of one's own, the second of any size up to `limit`.
  std::vector<Bytes> tell_all(std::string_view tag, ByteView own);
  std::vector<Bytes> tell_all(std::string_view tag, ByteView own, std::size_t limit);
  /// Before an error that all parties come to by themselves (judged.h).
  void wait_until_all_have_judged();
  /// One round in which each two parties trade messages: to[i] goes to party i, and from[i], which has the
  /// room for it, comes from there. The own entries are not looked at.
  void trade(std::string_view tag, std::span<const ByteView> to, std::span<const ByteSpan> from);
  /// One round with both neighbours in the ring of parties: a message to each, and one from each.
  void exchange(std::string_view tag, std::span<const Word> to_next, std::span<const Word> to_prev,
                std::span<Word> from_next, std::span<Word> from_prev);
  /// One round around the ring: a message to the next party and one from the previous, or the other way
  /// round.
  void pass_on(std::string_view tag, std::span<const Word> to_next, std::span<Word> from_prev);
  void pass_back(std::string_view tag, std::span<const Word> to_prev, std::span<Word> from_next);

 private:
  PartyId self_;
  std::vector<std::string> names_;
  Transport& wire_;
  Meter meter_;
  std::vector<Channel> channels_;
  Coins coins_;
  Compute compute_;
};

}  // namespace tacit
