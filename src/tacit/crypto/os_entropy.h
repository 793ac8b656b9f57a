// The only reader of the operating system's entropy in tacit.
#pragma once

#include "tacit/base/secret_bytes.h"

namespace tacit {

/// `size` fresh random bytes; IoError if the system has none to give.
SecretBytes os_entropy(std::size_t size);

}  // namespace tacit
