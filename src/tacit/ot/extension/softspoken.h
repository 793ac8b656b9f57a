// SoftSpoken extension (Roy, "SoftSpokenOT: Quieter OT extension from small-field silent VOLE in the
// minicrypt model", 2022): 128 base transfers become any number of correlated ones, at 16/k bytes each, where
// k bits of Δ form a group and computing grows as 2^k/k. With k = 1 it is IKNP (Ishai, Kilian, Nissim,
// Petrank, 2003).
//
// Set up in one round; then the receiver sends and never waits, so transfers take one round however many
// calls there are. Against a malicious receiver (and sender) each batch of up to kCheckedTransfers is
// checked, in two rounds more, in which the receiver waits. `session` must be known to both ends and to
// nothing else. Keys are correlated: hash them, under their number, before they mask anything.
#pragma once

#include <memory>

#include "tacit/net/channel.h"
#include "tacit/ot/cot.h"
#include "tacit/ot/extension/columns.h"
#include "tacit/ot/traffic.h"

namespace tacit::ot {

/// Transfers of one check.
constexpr std::size_t kCheckedTransfers = std::size_t{1} << 18;

class SoftSpokenSender final : public CotSender {
 public:
  /// `delta`: one that is drawn already (source.h), or none.
  SoftSpokenSender(Channel& peer, ByteView session, Groups groups, Threat threat, Isa isa,
                   const Block* delta = nullptr);
  ~SoftSpokenSender() override;
  Block delta() const override;

 private:
  void extend(std::span<Block> keys) override;
  void extend_random(std::span<Block> keys) override { extend(keys); }
  struct State;
  std::unique_ptr<State> state_;
};

class SoftSpokenReceiver final : public CotReceiver {
 public:
  SoftSpokenReceiver(Channel& peer, ByteView session, Groups groups, Threat threat, Isa isa);
  ~SoftSpokenReceiver() override;

 private:
  void extend(std::span<const Word> choices, std::span<Block> out) override;
  void extend_random(std::span<Word> choices, std::span<Block> out) override;
  struct State;
  std::unique_ptr<State> state_;
};

Traffic softspoken_setup(Groups groups, Threat threat);
/// Of one call.
Traffic softspoken_transfers(Groups groups, Threat threat, std::size_t n);

}  // namespace tacit::ot
