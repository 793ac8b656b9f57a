// The sources of correlated transfers, by name. Every one has the interface of cot.h and may be put in the
// place of another: they differ in bytes, time and what they are based on.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "tacit/base/cpu.h"
#include "tacit/net/channel.h"
#include "tacit/ot/cot.h"
#include "tacit/ot/extension/groups.h"
#include "tacit/ot/silent/lpn.h"

namespace tacit::ot {

/// SoftSpokenK has groups of K bits; Iknp is SoftSpoken with one bit. Ferret has its paper's parameters,
/// FerretReduced some that are faster and closer to what attacks can do (silent/lpn.h).
enum class Source { Iknp, SoftSpoken2, SoftSpoken4, SoftSpoken6, SoftSpoken8, Ferret, FerretReduced };

std::vector<Source> all_sources();
std::string_view to_string(Source source);
/// True where random choices cost next to no bytes.
bool is_silent(Source source);

/// Of one that is silent, its noise; of others, their groups, and no noise.
struct SourceParameters {
  Groups groups;
  const Lpn* lpn;
};
SourceParameters parameters_of(Source source);

/// Both ends set up at the same time. `session`: known to both, and to no other use in this or another
/// session; Coins::with(peer) has such. `delta`: of this sender, where several are to have one, as garbling
/// needs it; uniform but for its lowest bit, which is 1 (else UsageError), and for nothing else. Without it a
/// sender draws its own.
std::unique_ptr<CotSender> make_sender(Source source, Threat threat, Channel& peer, ByteView session, Isa isa,
                                       const Block* delta = nullptr);
std::unique_ptr<CotReceiver> make_receiver(Source source, Threat threat, Channel& peer, ByteView session,
                                           Isa isa);

}  // namespace tacit::ot
