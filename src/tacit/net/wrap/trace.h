// A transport that notes every frame it sends: the order, sizes and a hash of the contents.
#pragma once

#include <memory>
#include <vector>

#include "tacit/crypto/hash.h"
#include "tacit/net/transport.h"

namespace tacit {

struct TracedFrame {
  PartyId to;
  std::string tag;
  std::uint64_t size;
  std::uint32_t depth;
  Bytes body;  ///< if the trace keeps them
};
struct Trace {
  bool keep_bodies = false;
  std::vector<TracedFrame> frames;
  Hasher contents;  ///< over all heads and bodies, in order
};

/// Notes into `trace`, which must live as long.
std::unique_ptr<Transport> traced(Transport& inner, Trace& trace);

}  // namespace tacit
