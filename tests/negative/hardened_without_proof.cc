// A process counts as hardened only in a program whose free() zeroes what it gives back.
// expect: ZeroingFree::ZeroingFree\(\).* is private
#include "tacit/base/hardened_process.h"

void harden() {
#ifdef MUST_FAIL
  const tacit::HardenedProcess process{tacit::ZeroingFree()};
#else
  const tacit::HardenedProcess process(tacit::zeroing_free());
#endif
}
