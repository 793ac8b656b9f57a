// A transport that misbehaves at a chosen frame: for tests of what other parties then see.
#pragma once

#include <functional>
#include <memory>

#include "tacit/net/transport.h"

namespace tacit {

enum class Fault {
  None,
  WrongTag,
  WrongSize,  ///< a byte too many
  Short,      ///< a byte too few, or one too many where there is none
  Repeat,
  Swap,
  Drop,
  Die,
  // Over a stream of bytes only, where nobody but the receiver sees to what follows a head:
  Cut,      ///< a frame that ends early, and so does its sender
  Garbage,  ///< after the frame, bytes that are none
};

/// Frame number `at` (from 0) that is sent to `to` suffers `fault`. Die and Cut throw std::runtime_error in
/// the sender, as a crash would; the rest are invisible to it.
std::unique_ptr<Transport> faulty(Transport& inner, PartyId to, std::size_t at, Fault fault);

}  // namespace tacit
