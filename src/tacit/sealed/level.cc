#include "tacit/sealed/level.h"

#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

constexpr std::string_view kSealedDoesNotStop[] = {
    "whoever holds a recipient's key folder, or a copy of it: with it the file opens on any machine",
    "the recipient itself: it can change the program, read the model from its memory while it is open (so "
    "can "
    "root), and keep what it read for ever",
    "a clock that stands still, or a key folder that is put back to an old copy: without a trusted clock a "
    "date binds only those who keep to it",
    "whoever may ask the model often: from enough answers another is trained that does the same",
    "a recipient who passes the model on in the clear: at this level all copies are alike, and none tells "
    "whose it was"};

constexpr std::string_view kGuardedDoesNotStop[] = {
    "root on the device's machine: with a debugger it reads the model from the broker's memory, and from the "
    "broker's key folder whatever is sealed to that device, for ever",
    "whoever can act as the broker's user, or takes a copy of its key folder, where the device's key is a "
    "file: with "
    "it the model opens on any machine",
    "a broker that its operator has exchanged for another program: nothing proves to you which one runs",
    "a machine that hibernates, and a host that looks into its virtual machine: both see all of its memory",
    "a clock that stands still, or a key folder that is put back to an old copy: without a trusted clock a "
    "date "
    "binds only those who keep to it",
    "whoever may ask the model often: from enough answers another is trained that does the same"};

constexpr LevelWords kLevels[] = {
    {Level::Sealed, "sealed",
     "the file is useless without a recipient's key, after its date, or changed by one bit",
     kSealedDoesNotStop, true},
    {Level::Guarded, "guarded", "no key or weight touches disk, swap, core dump or another user's process",
     kGuardedDoesNotStop, true},
    {Level::Split, "split", "chosen layers never leave the vendor in any form", {}, false},
    {Level::Traceable, "traceable", "every customer's copy bears a fingerprint", {}, false},
};

}  // namespace

const LevelWords& words_of(unsigned level) {
  for (const LevelWords& words : kLevels)
    if (static_cast<unsigned>(words.level) == level) return words;
  throw UsageError(fmt::format("{} is no level: models are sealed at level 1 or 2", level));
}

void require_there(const LevelWords& level, std::string_view what) {
  require(level.there,
          "{} level {} ({}), which is not there yet: this version has levels 1 (sealed) and 2 (guarded)",
          what, static_cast<unsigned>(level.level), level.name);
}

}  // namespace tacit::sealed
