// What processes of one machine have between them: measured over TLS, on connections to oneself.
#pragma once

#include "tacit/net/wrap/shape.h"

namespace tacit {

/// Of so many servers that all speak at once, as they do in every round. In under half a second. IoError
/// where this machine lets nobody listen.
LinkShape measure_loopback(std::size_t servers);

}  // namespace tacit
