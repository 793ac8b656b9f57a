// Randomness of one party in one session: private streams, streams shared with one peer, and streams that all
// parties know. Both ends of a shared stream draw in the same order, so each draw has the same number there;
// numbers never repeat, and so no two uses ever share a stream.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tacit/crypto/hash.h"
#include "tacit/crypto/prg.h"
#include "tacit/net/frame.h"

namespace tacit {

/// The keys that a handshake agreed on. Entry i of `pair` is shared with party i (the own entry is unused).
struct SessionKeys {
  SecretBytes mine, common;
  std::vector<SecretBytes> pair;
};

/// Told of every stream when it is drawn: a digest of its key, and its number under that key.
using CoinsWatch = std::function<void(const Digest& key, std::uint64_t number)>;

class Coins {
 public:
  /// `watch` is for tests, which note what is drawn; it goes on to forks.
  Coins(const SessionKeys& keys, Isa isa, CoinsWatch watch = {});

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
    CoinsWatch watch;
    std::uint64_t next = 0;
    Stream draw() {
      if (watch) watch(sha256(key.bytes()), next);
      return Stream(prg, next++);
    }
  };
  Source source(ByteView key, std::string_view use) const;

  Isa isa_;
  CoinsWatch watch_;
  Source mine_, common_;
  std::vector<Source> pair_;
  std::set<std::string> labels_;
};

}  // namespace tacit
