// For parties that all come to the same end by themselves, each for the reason that it has seen.
#pragma once

#include <span>

#include "tacit/net/channel.h"

namespace tacit {

/// None leaves before the others have come to it, since its goodbye would reach them as the first cause. For
/// a peer that has left already, or goes on with something else, nobody waits.
void wait_until_all_have_judged(std::span<Channel> parties, PartyId self);

}  // namespace tacit
