#include "tacit/sealed/level.h"

#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

// What depends on who keeps the keys, and on leases: not_stopped() puts others in their places.
constexpr std::string_view kSoftwareKeys =
    "whoever holds a recipient's key folder, or a copy of it: with it the file opens on any machine";
constexpr std::string_view kTpmKeys =
    "whoever may use a recipient's TPM on its own machine: there the file opens, and nowhere else";
constexpr std::string_view kSoftwareKeysAtABroker =
    "whoever can act as the broker's user, or takes a copy of its key folder, where the device's key is a "
    "file: with it the model opens on any machine";
constexpr std::string_view kTpmKeysAtABroker =
    "whoever can act as the broker's user: with the machine's TPM the file opens there, and nowhere else";
constexpr std::string_view kClock =
    "a clock that stands still, or a key folder that is put back to an old copy: without a trusted clock a "
    "date binds only those who keep to it";
constexpr std::string_view kTpmClock =
    "a clock that stands still; and a key folder that is put back to a copy of the same day and boot";
constexpr std::string_view kLeasedClock =
    "the rest of a lease that runs: a model that is revoked stops at its end, or when the machine is started "
    "anew";

// What a fingerprint does not stop.
constexpr std::string_view kMixtures =
    "more customers who mix their copies than the code is made against, and whoever knows the model from "
    "before it was marked";
constexpr std::string_view kDispute =
    "a dispute: a match tells the vendor whose copy it was, and proves nothing to others, since the vendor "
    "could have made that copy, too";

constexpr std::string_view kSealedDoesNotStop[] = {
    kSoftwareKeys,
    "the recipient itself: it can change the program, read the model from its memory while it is open (so "
    "can root), and keep what it read for ever",
    kClock,
    "whoever may ask the model often: from enough answers another is trained that does the same "
    "('tacit audit steal' measures how many)",
    "a recipient who passes the model on in the clear: at this level all copies are alike, and none tells "
    "whose it was"};

constexpr std::string_view kGuardedDoesNotStop[] = {
    "root on the device's machine: with a debugger it reads the model from the broker's memory, and with the "
    "broker's key whatever is sealed to that device",
    kSoftwareKeysAtABroker,
    "a broker that its operator has exchanged for another program: nothing proves to you which one runs",
    "a machine that hibernates, and a host that looks into its virtual machine: both see all of its memory",
    kClock,
    "whoever may ask the model often: from enough answers another is trained that does the same "
    "('tacit audit steal' measures how many)"};

constexpr std::string_view kSplitDoesNotStop[] = {
    kSoftwareKeys,
    "the recipient itself, or root, for the layers that are not protected: they are as at level 1, and can "
    "be "
    "read from memory and kept for ever",
    "whoever may ask the segment often: from enough answers, at the rate that it allows, one is rebuilt that "
    "does "
    "the same ('tacit audit steal' measures how many)",
    "the vendor's server, or whoever breaks into it: it has the protected layers, and sees which device "
    "asks, when "
    "and how often; no question, and no answer",
    "a device, or a server, that departs from the protocol: each is safe from the other as long as both keep "
    "to it",
    "the vendor's server when it is out of reach: then the model does not run",
    kClock,
    "a recipient who passes on what it has in the clear: copies of the layers that are not protected are all "
    "alike"};

constexpr std::string_view kTraceableDoesNotStop[] = {
    kSoftwareKeys,
    "the recipient itself: it can change the program, read the model from its memory while it is open (so "
    "can root), and keep what it read for ever; what it reads bears its fingerprint",
    kClock,
    "whoever may ask the model often: from enough answers another is trained that does the same, and bears "
    "no fingerprint ('tacit audit steal' measures how many)",
    kMixtures,
    kDispute};

constexpr LevelWords kLevels[] = {
    {Level::Sealed, "sealed",
     "the file is useless without a recipient's key, after its date, or changed by one bit",
     kSealedDoesNotStop},
    {Level::Guarded, "guarded", "no key or weight touches disk, swap, core dump or another user's process",
     kGuardedDoesNotStop},
    {Level::Split, "split",
     "chosen layers never leave the vendor in any form, and the vendor never sees the data; the other layers "
     "are as "
     "at level 1",
     kSplitDoesNotStop},
    {Level::Traceable, "traceable",
     "all of level 1, and this customer's copy bears a fingerprint that survives what thieves do; nothing of "
     "levels 2 and 3",
     kTraceableDoesNotStop},
};

}  // namespace

std::vector<std::string_view> not_stopped(const LevelWords& level, const Bounds& bounds) {
  std::vector<std::string_view> out(level.does_not_stop.begin(), level.does_not_stop.end());
  for (std::string_view& line : out) {
    if (line == kClock && bounds.leases) line = kLeasedClock;
    if (bounds.software_keys) continue;
    if (line == kSoftwareKeys) line = kTpmKeys;
    if (line == kSoftwareKeysAtABroker) line = kTpmKeysAtABroker;
    if (line == kClock) line = kTpmClock;
  }
  if (level.level == Level::Guarded && bounds.marked) out.insert(out.end(), {kMixtures, kDispute});
  return out;
}

const LevelWords& words_of(unsigned level) {
  for (const LevelWords& words : kLevels)
    if (static_cast<unsigned>(words.level) == level) return words;
  throw UsageError(fmt::format("{} is no level: models are sealed at levels 1 to 4", level));
}

}  // namespace tacit::sealed
