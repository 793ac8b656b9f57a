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

constexpr std::string_view kTraceableDoesNotStop[] = {
    "whoever holds a recipient's key folder, or a copy of it: with it the file opens on any machine",
    "the recipient itself: it can change the program, read the model from its memory while it is open (so "
    "can "
    "root), and keep what it read for ever; what it reads bears its fingerprint",
    "a clock that stands still, or a key folder that is put back to an old copy: without a trusted clock a "
    "date binds only those who keep to it",
    "whoever may ask the model often: from enough answers another is trained that does the same, and bears "
    "no "
    "fingerprint ('tacit audit steal' measures it)",
    "more customers who mix their copies than the code is made against, and whoever knows the model from "
    "before it was marked",
    "a dispute: a match tells the vendor whose copy it was, and proves nothing to others, since the vendor "
    "could have made that copy, too"};

constexpr LevelWords kLevels[] = {
    {Level::Sealed, "sealed",
     "the file is useless without a recipient's key, after its date, or changed by one bit",
     kSealedDoesNotStop, true},
    {Level::Guarded,
     "guarded",
     "no key or weight touches disk, swap, core dump or another user's process",
     {},
     false},
    {Level::Split, "split", "chosen layers never leave the vendor in any form", {}, false},
    {Level::Traceable, "traceable",
     "all of level 1, and this customer's copy bears a fingerprint that survives what thieves do; nothing of "
     "levels 2 and 3",
     kTraceableDoesNotStop, true},
};

}  // namespace

const LevelWords& words_of(unsigned level) {
  for (const LevelWords& words : kLevels)
    if (static_cast<unsigned>(words.level) == level) return words;
  throw UsageError(fmt::format("{} is no level: models are sealed at level 1 or 4", level));
}

void require_there(const LevelWords& level, std::string_view what) {
  require(level.there,
          "{} level {} ({}), which is not there yet: this version has levels 1 (sealed) and 4 (traceable)",
          what, static_cast<unsigned>(level.level), level.name);
}

}  // namespace tacit::sealed
