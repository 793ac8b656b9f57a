// Correlated oblivious transfer between two parties: for every transfer the sender has a block k, the
// receiver a bit x of its choice and k ^ x·Δ. The sender learns nothing of x, the receiver nothing of Δ. One
// Δ serves as long as its sender lives.
//
// What extends a few base transfers to many, and against whom it is secure, is said in extension/.
#pragma once

#include "tacit/crypto/block.h"

namespace tacit::ot {

class CotSender {
 public:
  virtual ~CotSender() = default;
  virtual Block delta() const = 0;
  /// As many transfers as there is room for. Receives from the other end; all that it sends fits into the
  /// channel without the other end receiving, or is an answer that the other end waits for.
  virtual void send(std::span<Block> keys) = 0;
};

class CotReceiver {
 public:
  virtual ~CotReceiver() = default;
  /// Choice i is bit i % 64 of word i / 64. Fills `out` with k ^ x·Δ.
  virtual void receive(std::span<const Word> choices, std::span<Block> out) = 0;
};

}  // namespace tacit::ot
