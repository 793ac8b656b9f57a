// Where local work runs: the kernels for this machine and the threads to run them on. Made once, passed
// along.
#pragma once

#include "tacit/base/workers.h"
#include "tacit/ring/kernels/kernels.h"

namespace tacit {

struct Compute {
  const RingKernels& kernels;
  Workers& workers;
};

}  // namespace tacit
