// What stands for a hardened process in tests, of whose own process nothing is promised.
#pragma once

#include "tacit/base/hardened_process.h"

namespace tacit {

struct HardenForTests {
  HardenForTests() {}
  HardenedProcess process;
};

}  // namespace tacit
