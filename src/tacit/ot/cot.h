// Correlated oblivious transfer between two parties: for every transfer the sender has a block k, the
// receiver a bit x and k ^ x·Δ. The sender learns nothing of x, the receiver nothing of Δ, whose lowest bit
// is 1, so that it serves as garbling's. One Δ serves as long as its sender lives.
//
// A sender at one party and a receiver at another make calls that match: as many transfers, the same kind. A
// receiver may wait for what its sender sends (source.h says which do), so two parties that transfer in both
// directions agree on whose turn it is. Messages have at most 1 MiB. What extends a few base transfers to
// many, and against whom it is secure, is said in extension/ and silent/.
#pragma once

#include <utility>

#include "tacit/base/error.h"
#include "tacit/crypto/block.h"

namespace tacit::ot {

/// Against whom: who keeps to the protocol, or who does anything (and is caught: CheatDetected).
enum class Threat { SemiHonest, Malicious };

class CotSender {
 public:
  virtual ~CotSender() = default;
  CotSender() = default;
  CotSender(const CotSender&) = delete;
  CotSender& operator=(const CotSender&) = delete;

  virtual Block delta() const = 0;
  /// As many transfers as there is room for, at choices that the receiver makes. Gives the first one's number
  /// in Δ's life: the tweak under which its block may be hashed, at both ends.
  std::uint64_t send(std::span<Block> keys) {
    extend(keys);
    return count(keys.size());
  }
  /// The same at random choices.
  std::uint64_t send_random(std::span<Block> keys) {
    extend_random(keys);
    return count(keys.size());
  }

 private:
  virtual void extend(std::span<Block> keys) = 0;
  virtual void extend_random(std::span<Block> keys) = 0;
  std::uint64_t count(std::size_t n) { return std::exchange(made_, made_ + n); }
  std::uint64_t made_ = 0;
};

class CotReceiver {
 public:
  virtual ~CotReceiver() = default;
  CotReceiver() = default;
  CotReceiver(const CotReceiver&) = delete;
  CotReceiver& operator=(const CotReceiver&) = delete;

  /// Choice i is bit i % 64 of word i / 64. Fills `out` with k ^ x·Δ. Gives the first one's number.
  std::uint64_t receive(std::span<const Word> choices, std::span<Block> out) {
    ensure(choices.size() == (out.size() + 63) / 64, "a choice for every transfer");
    extend(choices, out);
    return count(out.size());
  }
  /// At random choices, which it fills in; bits beyond the last are zero.
  std::uint64_t receive_random(std::span<Word> choices, std::span<Block> out) {
    ensure(choices.size() == (out.size() + 63) / 64, "a choice for every transfer");
    extend_random(choices, out);
    return count(out.size());
  }

 private:
  virtual void extend(std::span<const Word> choices, std::span<Block> out) = 0;
  virtual void extend_random(std::span<Word> choices, std::span<Block> out) = 0;
  std::uint64_t count(std::size_t n) { return std::exchange(made_, made_ + n); }
  std::uint64_t made_ = 0;
};

}  // namespace tacit::ot
