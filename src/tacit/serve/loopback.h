// What two processes of one machine have between them: measured over TLS, on a connection to oneself.
#pragma once

#include "tacit/net/wrap/shape.h"

namespace tacit {

/// In under half a second. IoError where this machine lets nobody listen.
LinkShape measure_loopback();

}  // namespace tacit
