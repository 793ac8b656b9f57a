// The latest time that a device has witnessed, beside its key: time is never earlier. A file
// time.witness of the key folder holds it, under a code that only the device's key can make.
//
// That is all that can be promised without a clock to trust: whoever stops the clock has stopped this, too,
// and whoever puts an old copy of the whole folder back has put it back. Where a TPM keeps the key, its
// counter finds such a copy out: it is advanced, and the file with it, in every boot and on every day, at the
// first use, so that a copy is good for the rest of its boot and day at most.
#pragma once

#include "tacit/sealed/device_key.h"
#include "tacit/sealed/now.h"

namespace tacit::sealed {

class KeyFolder;

/// How far clocks may differ, or be corrected, without being refused. No time is gained by it: what counts is
/// the later of the two.
constexpr Seconds kClockTolerance = 300;

/// With a new folder.
void begin_witness(const KeyFolder& folder, const DeviceKey& key, const Now& now);

/// The time that counts: the clock's, or what was witnessed before, or `signed_time`, a time at which
/// somebody who is trusted signed something, whichever is latest; it is witnessed from now on. UsageError if
/// the clock stands before the others by more than the tolerance, or if there is no file; CheatDetected if
/// the file was changed, or is older than the TPM's counter; IoError.
Seconds witness(const KeyFolder& folder, const DeviceKey& key, const Now& now, Seconds signed_time);

}  // namespace tacit::sealed
