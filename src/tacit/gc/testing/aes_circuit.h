// For tests only: AES-128 as a circuit, of its key's 128 input bits and then the block's, each byte's lowest
// bit first. The S-box inverts in GF(((2^2)^2)^2), with 36 And gates; there are 200 S-boxes.
#pragma once

#include "tacit/gc/circuit/circuit.h"

namespace tacit::gc::testing {

Circuit aes128_circuit();

}  // namespace tacit::gc::testing
