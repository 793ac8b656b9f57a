// A transport that misbehaves at a chosen frame: for tests of what other parties then see.
#pragma once

#include <functional>
#include <memory>

#include "tacit/net/transport.h"

namespace tacit {

enum class Fault { None, WrongTag, WrongSize, Repeat, Swap, Drop, Die };

/// Frame number `at` (from 0) that is sent to `to` suffers `fault`. Die throws std::runtime_error in the
/// sender, as a crash would; the rest are invisible to it.
std::unique_ptr<Transport> faulty(Transport& inner, PartyId to, std::size_t at, Fault fault);

}  // namespace tacit
