// The leases that a device holds, in leases/ of its folder: each beside the moment on the boot clock at which
// it was asked for, under a code that only the device's key makes. A copy of the folder brings no time: in
// the same boot the clock ran on, and in another the lease has ended.
#pragma once

#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/lease.h"
#include "tacit/sealed/now.h"

namespace tacit::sealed {

/// What a device asks for, with a number that is drawn now.
LeaseRequest new_lease_request(const DeviceKeys& device, const Header& file);

/// Keeps what the vendor answered to `request`, which was made at `asked`. CheatDetected if the answer is not
/// signed by the vendor, is one to another request, or is of a vendor that has forgotten what it had revoked;
/// UsageError if the model, or the device, was revoked: what was kept of the file before has ended, too.
void keep_lease(const DeviceKeys& device, const LeaseRequest& request, const Lease& answer,
                const BootMoment& asked);

/// What a lease says of the time.
struct Running {
  Seconds time = 0;  ///< the vendor's, and what has run since
  Seconds left = 0;  ///< until it ends
};
/// UsageError if there is no lease for the file, or it has ended; CheatDetected if somebody else wrote it.
Running running_lease(const DeviceKeys& device, const Header& file, const BootMoment& now);

}  // namespace tacit::sealed
