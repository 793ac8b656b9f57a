// Randomness of one party in one session: private streams, streams shared with one peer, and streams that all
// parties know. Both ends of a shared stream draw in the same order, so each draw has the same number there;
// numbers never repeat, and so no two uses ever share a stream.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tacit/crypto/prg.h"
#include "tacit/net/frame.h"

namespace tacit {

/// The keys that a handshake agreed on. Entry i of `pair` is shared with party i (the own entry is unused).
struct SessionKeys {
  SecretBytes mine, common;
  std::vector<SecretBytes> pair;
};

class Coins {
 public:
  Coins(const SessionKeys& keys, Isa isa);

  Stream mine() { return mine_.draw(); }
  Stream common() { return common_.draw(); }
  Stream with(PartyId peer) { return pair_[index(peer)].draw(); }

  /// Independent coins for a part of the work. All parties fork with the same labels; a label used twice is
  /// an error, since it would give the same coins again.
  Coins fork(std::string_view label);

 private:
  struct Source {
    SecretBytes key;
    std::shared_ptr<const Prg> prg;
    std::uint64_t next = 0;
    Stream draw() { return Stream(prg, next++); }
  };
  static Source source(ByteView key, std::string_view use, Isa isa);

  Isa isa_;
  Source mine_, common_;
  std::vector<Source> pair_;
  std::set<std::string> labels_;
};

}  // namespace tacit
