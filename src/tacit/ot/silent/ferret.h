// Ferret: silent correlated transfer (Yang, Weng, Lan, Zhang, Wang, "Ferret: Fast extension for correlated OT
// with small communication", 2020), from learning parity with noise (lpn.h) over the points of punctured half
// trees (half_tree.h). Transfers come at random choices, in portions of some trees, each with one message
// from the sender; n·trees·(depth - 1)/rows blocks for n transfers. A choice that the receiver makes costs
// one bit more, from it. An iteration's first rows are kept for the next one; the first iteration's come from
// SoftSpoken of the same Δ.
//
// The receiver waits for the sender, and with checks (place_check.h) they wait for each other once a portion.
// Lowest bits are no secret material: a receiver's says its random choice, a sender's is 0 there. Everything
// else as in extension/softspoken.h.
#pragma once

#include <memory>

#include "tacit/net/channel.h"
#include "tacit/ot/cot.h"
#include "tacit/ot/extension/groups.h"
#include "tacit/ot/silent/lpn.h"
#include "tacit/ot/traffic.h"

namespace tacit::ot {

/// The SoftSpoken that the first iteration's secrets come from: few bytes, and its time is little beside the
/// base transfers'.
constexpr Groups kFerretBootstrap{8};

class FerretSender final : public CotSender {
 public:
  /// `delta`: one that is drawn already (source.h), or none.
  FerretSender(Channel& peer, ByteView session, Threat threat, Isa isa, const Lpn& lpn = kFerretLpn,
               const Block* delta = nullptr);
  ~FerretSender() override;
  Block delta() const override;

 private:
  void extend(std::span<Block> keys) override;
  void extend_random(std::span<Block> keys) override;
  struct State;
  std::unique_ptr<State> state_;
};

class FerretReceiver final : public CotReceiver {
 public:
  FerretReceiver(Channel& peer, ByteView session, Threat threat, Isa isa, const Lpn& lpn = kFerretLpn);
  ~FerretReceiver() override;

 private:
  void extend(std::span<const Word> choices, std::span<Block> out) override;
  void extend_random(std::span<Word> choices, std::span<Block> out) override;
  struct State;
  std::unique_ptr<State> state_;
};

Traffic ferret_setup(Threat threat, const Lpn& lpn = kFerretLpn);
/// Of the first call after set-up, at random choices or at chosen ones.
Traffic ferret_transfers(Threat threat, std::size_t n, bool random, const Lpn& lpn = kFerretLpn);

}  // namespace tacit::ot
