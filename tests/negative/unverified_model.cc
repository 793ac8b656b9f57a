// A sealed model is opened only after its vendor's signature was verified.
// expect: no matching function for call to .*OpenedModel
#include "tacit/sealed/open.h"

tacit::sealed::OpenedModel open(tacit::sealed::SealedFile file, const tacit::sealed::VendorCard& vendor,
                                const tacit::sealed::DeviceKeys& keys) {
#ifdef MUST_FAIL
  static_cast<void>(vendor);
  return tacit::sealed::OpenedModel(std::move(file), keys, 0);
#else
  return tacit::sealed::OpenedModel(tacit::sealed::VerifiedFile(std::move(file), vendor), keys, 0);
#endif
}
