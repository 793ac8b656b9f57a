// Memory for a model in the clear is had by a process that was hardened, and by no other.
// expect: HardenedProcess::HardenedProcess\(\).* is private
#include "tacit/sealed/guarded_runtime.h"

tacit::sealed::TileSpace space(const tacit::ZeroingFree& proof) {
#ifdef MUST_FAIL
  static_cast<void>(proof);
  const tacit::HardenedProcess none;
  return tacit::sealed::TileSpace(none);
#else
  const tacit::HardenedProcess process(proof);
  return tacit::sealed::TileSpace(process);
#endif
}
