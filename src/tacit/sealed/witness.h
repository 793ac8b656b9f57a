// The latest time that a device has witnessed, beside its key: time is never earlier. A file
// time.witness of the key folder holds it, under a code that only the device's key can make.
//
// That is all that can be promised without a clock to trust: whoever puts an old copy of the whole folder
// back, or stops the clock, has put back or stopped this, too.
#pragma once

#include "tacit/crypto/kem.h"
#include "tacit/sealed/time.h"

namespace tacit::sealed {

class KeyFolder;

/// How far clocks may differ, or be corrected, without being refused. No time is gained by it: what counts is
/// the later of the two.
constexpr Seconds kClockTolerance = 300;

/// With a new folder.
void begin_witness(const KeyFolder& folder, const KemPrivateKey& key, Seconds clock);

/// The time that counts: `clock`, or what was witnessed before, or `signed_time`, a time at which somebody
/// who is trusted signed something, whichever is latest; it is witnessed from now on. UsageError if the clock
/// stands before the others by more than the tolerance, or if there is no file; CheatDetected if the file was
/// changed; IoError.
Seconds witness(const KeyFolder& folder, const KemPrivateKey& key, Seconds clock, Seconds signed_time);

}  // namespace tacit::sealed
