// For tests only: a sender and a receiver of transfers as two parties, and what transfers are by definition.
#pragma once

#include <functional>
#include <vector>

#include "tacit/ot/cot.h"
#include "tacit/ot/traffic.h"
#include "tacit/party/testing/session.h"

namespace tacit::ot::testing {

/// One call at both ends.
struct Batch {
  std::vector<Block> keys;
  std::vector<Word> choices;
  std::vector<Block> received;
  std::uint64_t sent_from = 0, received_from = 0;
};

struct Ran {
  Block delta;
  std::vector<Batch> batches;
  Traffic set_up, total;
};

using MakeSender = std::function<std::unique_ptr<CotSender>(Party&, Channel&)>;
using MakeReceiver = std::function<std::unique_ptr<CotReceiver>(Party&, Channel&)>;

/// Batches of the sizes given, one after another; at choices that a generator of this seed makes, or random.
Ran run(const MakeSender& sender, const MakeReceiver& receiver, const std::vector<std::size_t>& sizes,
        bool random, std::uint64_t seed = 1);

/// Empty where every transfer is one, no two keys are the same and the numbers go on; else what is wrong.
std::string fault(const Ran& ran);

/// What is done to a frame's body on its way.
using Change = std::function<void(ByteSpan)>;
using Ends = std::function<void(Channel&, std::span<Block>)>;
/// Both ends with 1000 blocks each, where `cheat`'s frames of one tag are changed. Throws what the other
/// throws.
void run_with_cheat(PartyId cheat, const std::string& tag, const Change& change, const Ends& sender,
                    const Ends& receiver);

}  // namespace tacit::ot::testing
