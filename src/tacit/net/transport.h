// All that a new wire has to be: frames in order between this endpoint and each other one.
#pragma once

#include "tacit/net/frame.h"

namespace tacit {

/// One thread at a time may use a transport. Every call throws PeerError, naming the peer, when the link is
/// closed, reset or silent for longer than the session's patience.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Never waits for the peer's receive; it may wait for room when a bounded queue is full.
  virtual void send(PartyId to, const FrameHead& head, ByteView body) = 0;
  /// Waits for the next frame's head. Its body must then be taken by receive_body before anything else.
  virtual FrameHead receive_head(PartyId from) = 0;
  /// Fills `body`, whose size is the head's.
  virtual void receive_body(PartyId from, ByteSpan body) = 0;
  /// Tells every peer, as far as links still stand, why this endpoint leaves. An empty reason is a good end.
  virtual void goodbye(std::string_view reason) noexcept = 0;
};

}  // namespace tacit
